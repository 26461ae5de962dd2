import { Command } from 'commander'
import { isJsonObject } from '../../shared/domain/json.ts'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { numberOption } from '../input/parse-options.ts'
import { taskInput } from '../input/task-input.ts'
import { type TaskOptions, termsOf, withTaskOptions } from '../input/task-options.ts'
import { followTask } from '../show/follow-task.ts'
import { print, printJson } from '../show/terminal.ts'

type Options = TaskOptions & { review?: boolean; reviewAbove?: number; wait?: boolean; json?: boolean }

const EXAMPLES = `
A language model plans the goal where the stage configures one
(models.default), else the registered workflow that is clearly meant. A plan
that changes something outside, or may cost much, waits for:
npx orchestrator approve.

Examples:
  npx orchestrator do "Compare the lengths of Nile and Amazon" --wait
  npx orchestrator do "Write a report with charts on this table" \\
    --file source=./my.csv --budget 0.50 --wait
  npx orchestrator do "Tell the customers of the outage" \\
    --input @outage.json --review`

export function doCommand(): Command {
  const command = new Command('do')
    .description('Have a goal in words planned, and the plan run')
    .argument('<goal...>', 'what is wanted, in words')
  return withTaskOptions(command, {
    input: 'what it is about, as a JSON object, or @file',
    budget: 'the most that it may cost, in US dollars; planning takes at most 5 % of it, or 0.02 USD',
  })
    .option('--review', 'look at the plan before it runs, in any case')
    .option(
      '--review-above <usd>',
      'look at a plan that may cost more than this; 1 by default',
      numberOption('--review-above'),
    )
    .option('-w, --wait', 'follow the task to its end and show its result')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(doGoal)
}

async function doGoal(
  words: string[],
  { review, reviewAbove, wait = false, json = false, ...options }: Options,
): Promise<void> {
  const { body, files } = await taskInput(options.input, options.file)
  if (!isJsonObject(body))
    throw new CliError('the input of a goal is a JSON object, e.g. {"topic": "leases"}')
  const task = await callApi('submitTask', {
    goal: words.join(' '),
    input: body,
    ...(files.length > 0 ? { files } : {}),
    ...termsOf(options),
    review,
    reviewAboveUsd: reviewAbove,
  })
  if (wait) return followTask(task.taskId, json)
  if (json) return printJson(task)
  print(`${task.taskId}\nfollow it with: npx orchestrator status ${task.taskId}`)
}
