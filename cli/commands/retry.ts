import { styleText } from 'node:util'
import { Command } from 'commander'
import type { TaskView } from '../../shared/contracts/views.ts'
import { shellWord } from '../../shared/domain/shell-word.ts'
import { callApi } from '../api-client.ts'
import {
  doOtherwise,
  LENIENT,
  MOST_TOKENS,
  numberOption,
  pairOption,
  parseDuration,
  parseTaskId,
  wholeOption,
} from '../input/parse-options.ts'
import { wantedWorkflow } from '../input/wanted-workflow.ts'
import { followTask } from '../show/follow-task.ts'
import { wrapText } from '../show/layout.ts'
import { print, printError, printJson } from '../show/terminal.ts'

type Options = {
  budget?: number
  tokens?: number
  deadline?: number
  agent: [string, string][]
  stepInput: [string, string][]
  workflow?: string
  lenient?: boolean
  wait?: boolean
  json?: boolean
}

export function retryCommand(): Command {
  return new Command('retry')
    .description(
      'Go on with a task that failed, timed out or was cancelled; what has succeeded is not done again',
    )
    .argument('<taskId>', 'of the task', parseTaskId)
    .option('-b, --budget <usd>', 'a larger budget, in total', numberOption('--budget'))
    .option(
      '--tokens <count>',
      'a larger budget of tokens, in total',
      wholeOption('--tokens', 0, MOST_TOKENS),
    )
    .option('-d, --deadline <time>', 'how long it may take from now on: 90s, 10m, 2h', parseDuration)
    .option(
      '-a, --agent <step=agent>',
      'ask this agent first; may be repeated',
      pairOption('--agent', 'step=agent'),
      [],
    )
    .option(
      '-s, --step-input <step=json>',
      'another input for a step; JSON, or @file',
      pairOption('--step-input', 'step=json'),
      [],
    )
    .option('--workflow <file or name>', 'go on with this definition; of a name, with the newest version')
    .option(...LENIENT)
    .option('-w, --wait', 'follow the task to its end and show its result')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator retry t_01... --wait\n  npx orchestrator retry t_01... --budget 2\n  npx orchestrator retry t_01... --agent report=other-writer \\\n    --step-input report=\'{"topic":"x"}\'',
    )
    .action(retry)
}

async function retry(
  taskId: string,
  { budget, tokens, deadline, agent, stepInput, workflow, lenient, wait = false, json = false }: Options,
): Promise<void> {
  const steps = await doOtherwise({ agent, stepInput })
  const before = wait ? await callApi('getTask', { id: taskId }) : undefined
  const task = await callApi('retryTask', {
    id: taskId,
    budgetUsd: budget,
    budgetTokens: tokens,
    deadlineSeconds: deadline,
    ...(steps ? { steps } : {}),
    ...(workflow === undefined ? {} : { workflow: await wantedWorkflow(workflow), lenient }),
  })
  if (!json && workflow === undefined) await tellNewer(task)
  if (!wait)
    return json
      ? printJson(task)
      : print(`${task.taskId}\nfollow it with: npx orchestrator status ${task.taskId} --watch`)
  return followTask(taskId, json, before)
}

/** A task goes on with the version that it began with, which surprises after its workflow was mended. */
async function tellNewer({ taskId, workflow: { name, version } }: TaskView): Promise<void> {
  const newest = await callApi('getWorkflow', { name }).catch(() => undefined)
  if (!newest || newest.version <= version) return
  const told = `it goes on with ${name} v${version}, as it began; v${newest.version} is deployed. To go on with that one, should it fail again: npx orchestrator retry ${taskId} --workflow ${shellWord(name)}`
  printError(wrapText(`${styleText('yellow', 'note', { stream: process.stderr })}: ${told}`))
}
