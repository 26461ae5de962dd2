import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { about } from '../cli-error.ts'
import {
  LENIENT,
  MOST_TOKENS,
  numberOption,
  pairOption,
  parseDuration,
  wholeOption,
} from '../input/parse-options.ts'
import { readTextFile } from '../input/read-json-option.ts'
import { taskInput } from '../input/task-input.ts'
import { followTask } from '../show/follow-task.ts'
import { printJson } from '../show/output.ts'
import { printWarnings } from '../show/print-warnings.ts'

const WORKFLOW_FILE = /\.(ya?ml|json)$/

type Options = {
  input?: string
  file: [string, string][]
  key?: string
  budget?: number
  tokens?: number
  deadline?: number
  priority?: number
  lenient?: boolean
  wait?: boolean
  json?: boolean
}

export function submitCommand(): Command {
  return new Command('submit')
    .description('Submit a task by its type, or with a workflow of your own')
    .argument(
      '<type|file>',
      'task type, e.g. research_and_analyze (see: orchestrator workflows), or a workflow file',
    )
    .option('-i, --input <json>', 'input as JSON, or @file')
    .option(
      '-f, --file <name=path>',
      'upload a file or folder and name it in the input; may be repeated',
      pairOption('--file', 'name=path, e.g. source=./my.csv'),
      [],
    )
    .option('-k, --key <key>', 'idempotency key: the same key never starts a second task')
    .option('-b, --budget <usd>', 'the most that it may cost, in US dollars', numberOption('--budget'))
    .option(
      '--tokens <count>',
      'the most tokens of language models that it may take',
      wholeOption('--tokens', 0, MOST_TOKENS),
    )
    .option('-d, --deadline <time>', 'how long it may take: 90s, 10m, 2h', parseDuration)
    .option('-p, --priority <0-9>', 'of those that wait 9 begins first', wholeOption('--priority', 0, 9))
    .option(...LENIENT)
    .option('-w, --wait', 'follow the task to its end and show its result')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nExamples:\n  npx orchestrator submit simple --input '{"message":"hello"}' --wait\n  npx orchestrator submit data_report --file source=./my.csv --wait\n  npx orchestrator submit ./my-workflow.yaml --input '{"name":"Ada"}' \\\n    --budget 0.50 --deadline 10m --wait`,
    )
    .action(submit)
}

async function submit(
  type: string,
  { input, file, key, budget, tokens, deadline, priority, lenient, wait = false, json = false }: Options,
): Promise<void> {
  const { body } = await taskInput(input, file)
  const isFile = WORKFLOW_FILE.test(type)
  const wanted = isFile ? { workflow: await readTextFile(type) } : { type }
  const asked = callApi('submitTask', {
    ...wanted,
    input: body,
    idempotencyKey: key,
    budgetUsd: budget,
    budgetTokens: tokens,
    deadlineSeconds: deadline,
    priority,
    lenient,
  })
  const task = await about(isFile ? type : undefined, asked)
  if (!json) printWarnings(task.warnings, isFile ? type : undefined)
  if (!wait)
    return json
      ? printJson(task)
      : console.log(`${task.taskId}\nfollow it with: npx orchestrator status ${task.taskId}`)
  return followTask(task.taskId, json)
}
