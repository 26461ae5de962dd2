import { shellWord } from '../../shared/domain/shell-word.ts'
import { callApi } from '../api-client.ts'
import { style } from './output.ts'
import { pageOfError } from './page-of-error.ts'
import { reportIn } from './report.ts'
import { print, printContent, printError, printJson } from './terminal.ts'
import { hanging } from './visible.ts'
import type { WatchedTask } from './watch-task.ts'

/** A task that has ended, with its result. */
export async function showEnded(task: WatchedTask, json: boolean): Promise<void> {
  const result =
    task.status === 'succeeded' ? (await callApi('getTaskResult', { id: task.taskId })).result : undefined
  if (json) return printJson({ ...task, result })
  showFailure(task)
  if (result === undefined) return
  for (const { path, reason } of task.degraded ?? [])
    printError(`${style('yellow', 'degraded')}: ${path}: ${reason}`)
  const report = reportIn(result)
  report ? printContent(`\n${report.markdown}`) : printJson(result, 2)
  if (report?.charts.length) print(`with its charts: npx orchestrator result ${task.taskId} --out ./report`)
}

/** The error of a task that has failed, on standard error; nothing for another task. */
export function showFailure({ taskId, error }: WatchedTask): void {
  if (!error) return
  const { name, message, stepId } = error
  printError(`${hanging(`${name}: ${message}`)}${pageOfError(name)}`)
  if (stepId) printError(`more of it: npx orchestrator show ${taskId} ${shellWord(stepId)}`)
}
