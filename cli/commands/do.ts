import { Command } from 'commander'
import { isJsonObject } from '../../shared/domain/json.ts'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { MOST_TOKENS, numberOption, pairOption, parseDuration, wholeOption } from '../input/parse-options.ts'
import { taskInput } from '../input/task-input.ts'
import { followTask } from '../show/follow-task.ts'
import { printJson } from '../show/output.ts'

type Options = {
  input?: string
  file: [string, string][]
  key?: string
  budget?: number
  tokens?: number
  deadline?: number
  priority?: number
  review?: boolean
  reviewAbove?: number
  wait?: boolean
  json?: boolean
}

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
  return new Command('do')
    .description('Have a goal in words planned, and the plan run')
    .argument('<goal...>', 'what is wanted, in words')
    .option('-i, --input <json>', 'what it is about, as a JSON object, or @file')
    .option(
      '-f, --file <name=path>',
      'upload a file or folder and name it in the input; may be repeated',
      pairOption('--file', 'name=path, e.g. source=./my.csv'),
      [],
    )
    .option('-k, --key <key>', 'idempotency key: the same key never starts a second task')
    .option(
      '-b, --budget <usd>',
      'the most that it may cost, in US dollars; planning takes 5 % of it at most',
      numberOption('--budget'),
    )
    .option(
      '--tokens <count>',
      'the most tokens of language models that it may take',
      wholeOption('--tokens', 0, MOST_TOKENS),
    )
    .option('-d, --deadline <time>', 'how long it may take: 90s, 10m, 2h', parseDuration)
    .option('-p, --priority <0-9>', 'of those that wait 9 begins first', wholeOption('--priority', 0, 9))
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
  {
    input,
    file,
    key,
    budget,
    tokens,
    deadline,
    priority,
    review,
    reviewAbove,
    wait = false,
    json = false,
  }: Options,
): Promise<void> {
  const { body, files } = await taskInput(input, file)
  if (!isJsonObject(body))
    throw new CliError('the input of a goal is a JSON object, e.g. {"topic": "leases"}')
  const task = await callApi('submitTask', {
    goal: words.join(' '),
    input: body,
    ...(files.length > 0 ? { files } : {}),
    idempotencyKey: key,
    budgetUsd: budget,
    budgetTokens: tokens,
    deadlineSeconds: deadline,
    priority,
    review,
    reviewAboveUsd: reviewAbove,
  })
  if (wait) return followTask(task.taskId, json)
  if (json) return printJson(task)
  console.log(`${task.taskId}\nfollow it with: npx orchestrator status ${task.taskId}`)
}
