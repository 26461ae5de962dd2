import { join } from 'node:path'
import { callApi } from '../api-client.ts'
import { uploadPath } from '../input/upload-files.ts'
import { style } from '../show/output.ts'
import { reportIn, saveResult } from '../show/report.ts'
import { printJson, writeError } from '../show/terminal.ts'
import { type WatchedTask, watchTask } from '../show/watch-task.ts'
import { PACKAGE_ROOT } from './find-project.ts'

/** The sample's data: four years of weather, in the public domain. */
export const SAMPLE_DATA = join(PACKAGE_ROOT, 'examples/data/seattle-weather.csv')

type Sampling = {
  to: NodeJS.WriteStream
  json: boolean
  reports: string
  /** Called once the task has been taken. */
  onSubmitted: (taskId: string) => Promise<void>
}

/** Uploads the data, runs `data_report` on it and shows the report; with `json` prints the task on one line. */
export async function runSample(
  base: string,
  { to, json, reports, onSubmitted }: Sampling,
): Promise<WatchedTask> {
  const { reference } = await uploadPath(SAMPLE_DATA, undefined, base)
  const input = { source: reference, title: 'Four years of weather in Seattle' }
  const { taskId } = await callApi('submitTask', { type: 'data_report', input }, base)
  await onSubmitted(taskId)
  const task = await watchTask(taskId, { base, to })
  const succeeded = task.status === 'succeeded'
  const result = succeeded ? (await callApi('getTaskResult', { id: taskId }, base)).result : undefined
  if (json) printJson(summary(task, result), 0)
  else if (succeeded) {
    to.write(
      `\n${reportIn(result)?.markdown ?? ''}\n${style('dim', `written to ${await saveResult(result, join(reports, taskId))}`)}\n`,
    )
  }
  if (task.error) writeError(`${task.error.name}: ${task.error.message}\n`)
  return task
}

function summary({ taskId, status, workflow, durationMs, steps }: WatchedTask, result: unknown): object {
  return {
    taskId,
    status,
    workflow: workflow.name,
    durationMs,
    steps: steps.map((step) => ({
      stepId: step.stepId,
      agentId: step.agentId,
      status: step.status,
      durationMs: step.durationMs,
    })),
    result,
  }
}
