import { Command } from 'commander'
import type { StepView, TaskWithStepsView } from '../../shared/contracts/views.ts'
import { shellWord } from '../../shared/domain/shell-word.ts'
import { callApi, callPages } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { parseTaskId } from '../input/parse-options.ts'
import { printConversation, withoutUnmadeCalls } from '../show/conversation.ts'
import { attemptsBy } from '../show/describe-attempts.ts'
import { evaluationLines } from '../show/describe-evaluation.ts'
import { agentOf, printStep, printValue, type Whole } from '../show/describe-step.ts'
import { duration } from '../show/duration.ts'
import { jsonText } from '../show/json-text.ts'
import { usd } from '../show/money.ts'
import { elapsed, say, statusText, style } from '../show/output.ts'
import { pageOfError } from '../show/page-of-error.ts'
import { printTranscript } from '../show/print-transcript.ts'
import { printTable } from '../show/table.ts'
import { print, printJson } from '../show/terminal.ts'
import { printTroubledItems } from '../show/troubled-items.ts'
import { hanging, visible } from '../show/visible.ts'

type Options = { definition?: boolean; transcript?: boolean; full?: boolean; json?: boolean }

export function showCommand(): Command {
  return new Command('show')
    .description('Show what went into a task or a step, and what came out')
    .argument('<taskId>', 'of the task', parseTaskId)
    .argument('[stepId]', 'a step, e.g. report, or one of a loop or a fan-out: improve[2].draft, each[17]')
    .option('--definition', 'the workflow that the task runs, as JSON')
    .option('--transcript', 'what the step has asked of language models, and their answers')
    .option('--full', 'whole values on a terminal as well')
    .option('--json', 'print JSON, with all that is known')
    .addHelpText(
      'after',
      "\nExamples:\n  npx orchestrator show t_01...\n  npx orchestrator show t_01... report\n  npx orchestrator show t_01... 'each[17]' --json",
    )
    .action(async (id: string, stepId: string | undefined, options: Options) => {
      const { definition, transcript, full, json } = options
      if (definition) return showDefinition(id, stepId)
      if (transcript) return showTranscript(id, stepId, json)
      const whole = {
        whole: `npx orchestrator show ${id}${stepId === undefined ? '' : ` ${shellWord(stepId)}`} --full`,
        ...(full ? { isFull: true } : {}),
      }
      if (stepId === undefined) return json ? printJson(await wholeTask(id)) : showTask(id, whole)
      const step = await callApi('getTaskStep', { id, stepId })
      if (json) return printJson(step)
      printStep(step, whole)
      if (step.items || step.round !== undefined) print('')
      if (!(await printConversation(id, step, 'show'))) await printTroubledItems(id, step, 'show')
    })
}

async function showDefinition(id: string, stepId: string | undefined): Promise<void> {
  if (stepId !== undefined)
    throw new CliError(`--definition is of a task, not of a step: leave out "${stepId}"`)
  const { definition } = await callApi('getTaskWorkflow', { id })
  print(jsonText(definition))
}

async function showTranscript(id: string, stepId: string | undefined, json = false): Promise<void> {
  if (stepId === undefined)
    throw new CliError(`--transcript is of a step: npx orchestrator show ${id} <stepId> --transcript`)
  await printTranscript(id, stepId, { json })
}

/** The task with its input, its workflow, its result and every step, without the values of the steps. */
async function wholeTask(id: string) {
  const [task, { input }, { definition }] = await Promise.all([
    callApi('getTask', { id }),
    callApi('getTaskInput', { id }),
    callApi('getTaskWorkflow', { id }),
  ])
  const steps = []
  for await (const page of callPages('listTaskSteps', { id })) steps.push(...page.steps)
  return { ...task, input, definition, ...(await resultOf(task)), steps }
}

async function resultOf({ taskId, status }: TaskWithStepsView): Promise<{ result?: unknown }> {
  return status === 'succeeded' ? { result: (await callApi('getTaskResult', { id: taskId })).result } : {}
}

async function showTask(id: string, whole: Whole): Promise<void> {
  const [task, { input }] = await Promise.all([callApi('getTask', { id }), callApi('getTaskInput', { id })])
  printHead(task)
  printValue('input', input, whole)
  printSteps(task)
  const { result } = await resultOf(task)
  if (result !== undefined) printValue('result', result, whole)
  for (const line of evaluationLines(task)) say(line, 2)
  if (task.error) {
    const { name, message, stepId } = task.error
    say(`\n${hanging(`${name}: ${message}`)}${pageOfError(name)}`)
    if (stepId) say(`more of it: npx orchestrator show ${id} ${shellWord(stepId)}`)
  }
}

function printHead(task: TaskWithStepsView): void {
  const { taskId, workflow, status, cost, durationMs, createdAt, endedAt, parent, forkedFrom } = task
  const facts = [
    elapsed({ durationMs, since: createdAt }),
    cost && cost.usd > 0 ? usd(cost.usd) : '',
    cost && cost.tokens > 0 ? `${cost.tokens} tokens` : '',
  ]
  const name = `${workflow.name}@${workflow.version}`
  say(`${style('bold', name)}  ${taskId}  ${statusText(status)}  ${facts.filter(Boolean).join(', ')}`)
  const metadata = Object.entries(task.metadata).map(([key, value]) => `${key}=${value}`)
  const lines = [
    task.type ? `type ${task.type}` : '',
    `created ${createdAt}${endedAt ? `, ended ${endedAt}` : ''}`,
    metadata.length > 0 ? `metadata ${metadata.join(', ')}` : '',
    parent ? `runs step ${parent.path} of ${parent.taskId}` : '',
    forkedFrom ? `fork of ${forkedFrom.taskId}` : '',
    ...(task.retries ?? []).map(({ at, was }) => `retried ${at}, was ${was}`),
  ]
  for (const line of lines.filter(Boolean)) say(visible(line))
}

/** `2`; `1 + 1 judge` where calls of judges have failed as well. */
function failedIn(attempts: StepView['attempts']): string {
  const { ofStep, ofJudges } = attemptsBy(attempts)
  const told = [
    ofStep.length > 0 ? `${ofStep.length}` : '',
    ofJudges.length > 0 ? `${ofJudges.length} judge` : '',
  ]
  return told.filter(Boolean).join(' + ')
}

function printSteps({ taskId, steps, moreSteps = 0 }: TaskWithStepsView): void {
  print(`\n${style('bold', 'steps')}`)
  const rows = withoutUnmadeCalls(steps).map((step) => [
    step.stepId,
    step.status,
    agentOf(step),
    failedIn(step.attempts),
    duration(step.durationMs),
    step.costUsd ? usd(step.costUsd) : '',
  ])
  printTable(['step', 'status', 'agent', 'failed', 'time', 'cost'], rows)
  if (moreSteps > 0) say(`... and ${moreSteps} more: npx orchestrator steps ${taskId}`)
}
