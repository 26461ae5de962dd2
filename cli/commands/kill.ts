import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import type { StepView, TaskView } from '../../shared/contracts/views.ts'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { parseTaskId } from '../input/parse-options.ts'
import { usd } from '../show/money.ts'
import { elapsed, say } from '../show/output.ts'
import { printTable } from '../show/table.ts'
import { print, printError, printJson } from '../show/terminal.ts'

type Killed = TaskView & { steps: StepView[] }

/** The time in which agents are told to stop and report their spending. */
const STOPPING_MILLISECONDS = 2_000
const AT_ONCE = 10

export function killCommand(): Command {
  return new Command('kill')
    .description('Stop a task, or everything, with all agents that work on it; lists what it has cost')
    .argument('[taskId]', 'of the task', parseTaskId)
    .option('--all', 'every open task')
    .option('-r, --reason <text>', 'kept with the tasks', 'killed')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator kill t_01...\n  npx orchestrator kill --all --reason "wrong prices"',
    )
    .action(kill)
}

async function kill(
  taskId: string | undefined,
  { all = false, reason, json = false }: { all?: boolean; reason: string; json?: boolean },
): Promise<void> {
  if ((taskId === undefined) === !all)
    throw new CliError('say which task, or --all: one of the two', EXIT.usage)
  const { ids, failed } = taskId === undefined ? await killAll(reason) : await killOne(taskId, reason)
  if (ids.length > 0) await delay(STOPPING_MILLISECONDS)
  const killed = await withChildren(ids)
  const totalUsd = killed.reduce((sum, { cost }) => sum + (cost?.usd ?? 0), 0)
  if (json) return printJson({ tasks: killed, totalUsd, failed })
  for (const one of failed) printError(`${one.taskId} may still run: ${one.error}; kill it again`)
  if (killed.length === 0) return print('nothing was running')
  const rows = killed.map((task) => [
    task.taskId,
    task.workflow.name,
    elapsed({ durationMs: task.durationMs, since: task.createdAt }),
    `${task.steps.filter(({ status }) => status === 'succeeded').length} of ${task.steps.length}`,
    task.cost ? usd(task.cost.usd) : '-',
  ])
  printTable(['task', 'workflow', 'ran for', 'steps done', 'cost'], rows)
  say(`\n${killed.length} stopped; ${usd(totalUsd)} in all`)
}

/** Includes the stopped tasks of child workflows, whose cost is not yet added to their parents. */
async function withChildren(ids: readonly string[]): Promise<Killed[]> {
  const known = new Set(ids)
  const killed: Killed[] = []
  for (let waiting = [...ids]; waiting.length > 0; ) {
    const some = await Promise.all(waiting.splice(0, AT_ONCE).map((id) => callApi('getTask', { id })))
    killed.push(...some)
    for (const { child, status } of some.flatMap(({ steps }) => steps)) {
      if (child === undefined || known.has(child) || status === 'succeeded' || status === 'failed') continue
      known.add(child)
      waiting.push(child)
    }
  }
  return killed
}

type Stopped = { ids: string[]; failed: { taskId: string; error: string }[] }

async function killOne(id: string, reason: string): Promise<Stopped> {
  return { ids: [(await callApi('cancelTask', { id, reason })).taskId], failed: [] }
}

async function killAll(reason: string): Promise<Stopped> {
  const ids = new Set<string>()
  const failed: Stopped['failed'] = []
  for (;;) {
    const answer = await callApi('cancelAllTasks', { all: true, reason })
    for (const { taskId } of answer.tasks) ids.add(taskId)
    failed.push(...answer.failed)
    if (!answer.more || answer.tasks.length === 0) return { ids: [...ids], failed }
  }
}
