import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import type { StepView, TaskView } from '../../shared/contracts/views.ts'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { usd } from '../money.ts'
import { elapsed, printJson, printTable } from '../output.ts'

type Killed = TaskView & { steps: StepView[] }

/** Agents are told within a second, and tell what they have spent. */
const STOPPING_MILLISECONDS = 2_000
const AT_ONCE = 10

export function killCommand(): Command {
  return new Command('kill')
    .description('Stop a task, or everything, with all agents that work on it; lists what it has cost')
    .argument('[taskId]')
    .option('--all', 'every open task')
    .option('-r, --reason <text>', 'kept with the tasks', 'killed')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  orchestrator kill t_01...\n  orchestrator kill --all --reason "wrong prices"',
    )
    .action(kill)
}

async function kill(
  taskId: string | undefined,
  { all = false, reason, json = false }: { all?: boolean; reason: string; json?: boolean },
): Promise<void> {
  if ((taskId === undefined) === !all) throw new CliError('say which task, or --all', EXIT.usage)
  const ids =
    taskId === undefined
      ? await killAll(reason)
      : [(await callApi('cancelTask', { id: taskId, reason })).taskId]
  if (ids.length > 0) await delay(STOPPING_MILLISECONDS)
  const killed: Killed[] = []
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE)
    killed.push(...(await Promise.all(some.map((id) => callApi('getTask', { id })))))
  }
  const totalUsd = killed.reduce((sum, { cost }) => sum + (cost?.usd ?? 0), 0)
  if (json) return printJson({ tasks: killed, totalUsd })
  if (killed.length === 0) return console.log('nothing was running')
  const rows = killed.map((task) => [
    task.taskId,
    task.workflow.name,
    elapsed({ durationMs: task.durationMs, since: task.createdAt }),
    `${task.steps.filter(({ status }) => status === 'succeeded').length} of ${task.steps.length}`,
    task.cost ? usd(task.cost.usd) : '-',
  ])
  printTable(['task', 'workflow', 'ran for', 'steps done', 'cost'], rows)
  console.log(`\n${killed.length} stopped; ${usd(totalUsd)} in all`)
}

async function killAll(reason: string): Promise<string[]> {
  const ids = new Set<string>()
  for (;;) {
    const { tasks, more } = await callApi('cancelAllTasks', { all: true, reason })
    for (const { taskId } of tasks) ids.add(taskId)
    if (!more || tasks.length === 0) return [...ids]
  }
}
