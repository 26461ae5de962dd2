import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { about } from '../cli-error.ts'
import { LENIENT } from '../input/parse-options.ts'
import { readTextFile } from '../input/read-json-option.ts'
import { taskInput } from '../input/task-input.ts'
import { type TaskOptions, termsOf, withTaskOptions } from '../input/task-options.ts'
import { followTask } from '../show/follow-task.ts'
import { printWarnings } from '../show/print-warnings.ts'
import { print, printJson } from '../show/terminal.ts'

const WORKFLOW_FILE = /\.(ya?ml|json)$/

type Options = TaskOptions & { lenient?: boolean; wait?: boolean; json?: boolean }

export function submitCommand(): Command {
  const command = new Command('submit')
    .description('Submit a task by its type, or with a workflow of your own')
    .argument(
      '<type|file>',
      'task type, e.g. research_and_analyze (see: orchestrator workflows), or a workflow file',
    )
  const told = { input: 'input as JSON, or @file', budget: 'the most that it may cost, in US dollars' }
  return withTaskOptions(command, told)
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
  { lenient, wait = false, json = false, ...options }: Options,
): Promise<void> {
  const { body } = await taskInput(options.input, options.file)
  const isFile = WORKFLOW_FILE.test(type)
  const wanted = isFile ? { workflow: await readTextFile(type) } : { type }
  const asked = callApi('submitTask', {
    ...wanted,
    input: body,
    ...termsOf(options),
    lenient,
  })
  const task = await about(isFile ? type : undefined, asked)
  if (!json) printWarnings(task.warnings, isFile ? type : undefined)
  if (!wait)
    return json
      ? printJson(task)
      : print(`${task.taskId}\nfollow it with: npx orchestrator status ${task.taskId}`)
  return followTask(task.taskId, json)
}
