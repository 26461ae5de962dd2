import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import {
  doOtherwise,
  LENIENT,
  MOST_TOKENS,
  numberOption,
  pairOption,
  parseDuration,
  parseTaskId,
  timeOption,
  wholeOption,
} from '../input/parse-options.ts'
import { wantedWorkflow } from '../input/wanted-workflow.ts'
import { followTask } from '../show/follow-task.ts'
import { print, printJson } from '../show/terminal.ts'

type Options = {
  at?: string
  after?: string
  redo: string[]
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

export function forkCommand(): Command {
  return new Command('fork')
    .description(
      'Begin a new task with what another has done: now, at an earlier time, or all but some steps',
    )
    .argument('<taskId>', 'of the task that has done it', parseTaskId)
    .option('--at <time>', 'with what had been done by then, e.g. 2026-11-24T09:30:00Z', timeOption('--at'))
    .option('--after <step>', 'the same: when this step had ended')
    .option('--redo <step>', 'do this step again, and whatever waits for it; may be repeated', repeated, [])
    .option(
      '-a, --agent <step=agent>',
      'ask this agent first; may be repeated',
      pairOption('--agent', 'step=agent'),
      [],
    )
    .option(
      '-s, --step-input <step=json>',
      'another input for a step, which is done again with it; JSON, or @file',
      pairOption('--step-input', 'step=json'),
      [],
    )
    .option('--workflow <file or name>', 'with this definition; of a name, the newest version')
    .option('-b, --budget <usd>', 'the most that the new task may cost', numberOption('--budget'))
    .option('--tokens <count>', 'the most tokens that it may take', wholeOption('--tokens', 0, MOST_TOKENS))
    .option('-d, --deadline <time>', 'how long it may take: 90s, 10m, 2h', parseDuration)
    .option(...LENIENT)
    .option('-w, --wait', 'follow the new task to its end and show its result')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator fork t_01... --redo report --wait\n  npx orchestrator fork t_01... --after profile\n  npx orchestrator fork t_01... --step-input report=\'{"title":"Other"}\' --wait',
    )
    .action(fork)
}

async function fork(taskId: string, options: Options): Promise<void> {
  const { at, after, redo, budget, tokens, deadline, workflow, lenient, wait = false, json = false } = options
  if (at !== undefined && after !== undefined)
    throw new CliError('--at and --after both say a time; give one of them')
  const steps = await doOtherwise(options)
  const task = await callApi('forkTask', {
    id: taskId,
    at,
    after,
    redo,
    budgetUsd: budget,
    budgetTokens: tokens,
    deadlineSeconds: deadline,
    ...(steps ? { steps } : {}),
    ...(workflow === undefined ? {} : { workflow: await wantedWorkflow(workflow), lenient }),
  })
  if (!wait)
    return json
      ? printJson(task)
      : print(`${task.taskId}\nfollow it with: npx orchestrator status ${task.taskId} --watch`)
  return followTask(task.taskId, json)
}

const repeated = (text: string, before: string[]): string[] => [...before, text]
