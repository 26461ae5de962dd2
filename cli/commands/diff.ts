import { Command } from 'commander'
import type { StepView } from '../../shared/contracts/views.ts'
import { callApi, callPages } from '../api-client.ts'
import { EXIT } from '../cli-error.ts'
import { parseTaskId } from '../input/parse-options.ts'
import { compareTasks, type Difference, type WholeTask } from '../show/compare-tasks.ts'
import { duration } from '../show/duration.ts'
import { jsonDiff } from '../show/json-diff.ts'
import { printBounded } from '../show/json-text.ts'
import { say, style } from '../show/output.ts'
import { print, printJson } from '../show/terminal.ts'
import { visible } from '../show/visible.ts'

type Options = { all?: boolean; full?: boolean; json?: boolean }

/** Values that may have structure; the others are told in one line. */
const VALUES = ['definition', 'input', 'result', 'output']

export function diffCommand(): Command {
  return new Command('diff')
    .description('Compare two tasks: input, workflow, and each step; exit code 1 where they differ')
    .argument('<taskA>', 'a task', parseTaskId)
    .argument('<taskB>', 'another one', parseTaskId)
    .option('-a, --all', 'also name the steps that are equal')
    .option('--full', 'whole values on a terminal as well')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nTimes are shown, but are no difference: they differ in every run.\n\nExit codes: 0 equal, 1 different, 2 and 3 as for every command.',
    )
    .action(async (taskA: string, taskB: string, { all = false, full, json = false }: Options) => {
      const [a, b] = await Promise.all([wholeTask(taskA), wholeTask(taskB)])
      const found = compareTasks(a, b)
      if (found.length > 0) process.exitCode = EXIT.different
      if (json) return printJson({ a: taskA, b: taskB, equal: found.length === 0, differences: found })
      printDifferences({ a, b }, found, full)
      if (all) printEqual(a.steps, found)
      if (found.length === 0) say('no differences')
    })
}

async function wholeTask(id: string): Promise<WholeTask> {
  const [task, { input }, { definition }] = await Promise.all([
    callApi('getTask', { id }),
    callApi('getTaskInput', { id }),
    callApi('getTaskWorkflow', { id }),
  ])
  const result = task.status === 'succeeded' ? (await callApi('getTaskResult', { id })).result : undefined
  const steps: StepView[] = []
  for await (const page of callPages('listTaskSteps', { id, inputs: true, outputs: true }))
    steps.push(...page.steps)
  return { task, input, definition, result, steps }
}

type Both = { a: WholeTask; b: WholeTask }

function printDifferences({ a, b }: Both, found: readonly Difference[], isFull: boolean | undefined): void {
  const whole = `npx orchestrator diff ${a.task.taskId} ${b.task.taskId} --full`
  for (const [stepId, differences] of Map.groupBy(found, (one) => one.stepId)) {
    const times = [a, b].map(({ task, steps }) =>
      stepId === undefined ? task.durationMs : steps.find((step) => step.stepId === stepId)?.durationMs,
    )
    const took = times.some((time) => time !== undefined) ? `  ${times.map(timeOf).join(', ')}` : ''
    say(`${style('bold', stepId === undefined ? 'task' : `step ${stepId}`)}${style('dim', took)}`)
    for (const one of differences) printDifference(one, { whole, isFull })
    print()
  }
}

const timeOf = (milliseconds: number | undefined): string =>
  milliseconds === undefined ? '-' : duration(milliseconds)

function printDifference(one: Difference, whole: { whole: string; isFull: boolean | undefined }): void {
  const { field } = one
  if (field === 'code')
    return say(
      `  code of the agent: ${one.a} -> ${one.b}, under the same version: count it up to tell them apart`,
      4,
    )
  if (VALUES.includes(field) && 'a' in one && 'b' in one) {
    say(`  ${field}:`)
    return printBounded(jsonDiff(one.a, one.b), whole)
  }
  say(`  ${field}: ${shortOf(one, 'a')} -> ${shortOf(one, 'b')}`, 4)
}

const MOST_CHARACTERS = 300

/** A fact in a line; a value that one side alone has is told shortly. */
function shortOf(one: Difference, side: 'a' | 'b'): string {
  if (!(side in one)) return 'none'
  const value = one[side]
  const text = visible(
    typeof value === 'string' && !VALUES.includes(one.field) ? value : JSON.stringify(value),
  )
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)} ...` : text
}

function printEqual(steps: readonly StepView[], found: readonly Difference[]): void {
  const differing = new Set(found.map(({ stepId }) => stepId))
  for (const { stepId } of steps) if (!differing.has(stepId)) say(`step ${stepId}  ${style('dim', 'equal')}`)
}
