import { Command } from 'commander'
import type { StepView } from '../../shared/contracts/views.ts'
import { shellWord } from '../../shared/domain/shell-word.ts'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { parseTaskId } from '../input/parse-options.ts'
import { answerCommand, decidersOf, editedText } from '../show/answer-command.ts'
import { capabilityText } from '../show/capability-text.ts'
import { printConversation } from '../show/conversation.ts'
import { failureOf, judgingText, spentIn } from '../show/describe-attempts.ts'
import { describeUnpriced } from '../show/describe-estimate.ts'
import { checkLines, evaluationLines } from '../show/describe-evaluation.ts'
import { notToldBy } from '../show/describe-step.ts'
import { duration } from '../show/duration.ts'
import { faultLines } from '../show/fault-lines.ts'
import { usd } from '../show/money.ts'
import { say, statusText, style } from '../show/output.ts'
import { pageOfError } from '../show/page-of-error.ts'
import { printPlanning } from '../show/print-planning.ts'
import { printTable } from '../show/table.ts'
import { print, printJson } from '../show/terminal.ts'
import { printTroubledItems } from '../show/troubled-items.ts'
import { hanging } from '../show/visible.ts'

type Asked = NonNullable<StepView['approval']>

export function explainCommand(): Command {
  return new Command('explain')
    .description('Say why a step was given to its agent, who else could have had it, and what became of it')
    .argument('<taskId>', 'of the task', parseTaskId)
    .argument(
      '[stepId]',
      'a step, e.g. report, or one of a loop or a fan-out: improve[2].draft, each[17]; of a task of a goal, by default how it was planned, each time; of another task its failed step',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      "\nExamples:\n  npx orchestrator explain t_01... report\n  npx orchestrator explain t_01... 'each[17]' --json",
    )
    .action(async (taskId: string, named: string | undefined, { json = false }: { json?: boolean }) => {
      const stepIds = named === undefined ? await stepsMeant(taskId) : [named]
      const steps = await Promise.all(stepIds.map((stepId) => callApi('getTaskStep', { id: taskId, stepId })))
      if (json) return printJson(steps.length === 1 ? steps[0] : steps)
      for (const [at, step] of steps.entries()) {
        if (at > 0) print('')
        await printStep(taskId, step)
      }
    })
}

/**
 * The steps that have planned the goal of a task (a plan that has failed is planned anew); of another task its failed step, where that is one. Throws
 * CliError with the names to choose from.
 */
async function stepsMeant(taskId: string): Promise<string[]> {
  const { goal, steps } = await callApi('getTask', { id: taskId })
  const planning = goal === undefined ? [] : steps.filter(({ capability }) => capability === PLANNING)
  const begun = planning.filter(
    ({ status }) => status !== 'pending' && status !== 'skipped' && status !== 'cancelled',
  )
  const told = begun.length > 0 ? begun : planning.slice(0, 1)
  if (told.length > 0) return told.map(({ stepId }) => stepId)
  const failed = withoutOuter(steps.filter(({ status }) => status === 'failed'))
  const [only, ...others] = failed
  if (only && others.length === 0) return [only.stepId]
  const named = (failed.length > 0 ? failed : steps)
    .slice(0, MOST_NAMED)
    .map(({ stepId }) => shellWord(stepId))
  const example = `, as in: npx orchestrator explain ${taskId} ${named[0]}`
  if (failed.length === 0)
    throw new CliError(`name a step of task ${taskId}, such as ${named.join(', ')}${example}`)
  const more = failed.length > named.length ? ` and ${failed.length - named.length} more` : ''
  throw new CliError(`name a step of task ${taskId}; failed: ${named.join(', ')}${more}${example}`)
}

/** A loop or a fan-out has failed by a step in it, which is told in its place. */
const withoutOuter = <T extends { stepId: string }>(steps: readonly T[]): T[] =>
  steps.filter(
    ({ stepId: outer }) =>
      !steps.some(({ stepId }) => stepId.startsWith(`${outer}[`) || stepId.startsWith(`${outer}.`)),
  )

const PLANNING = 'plan.workflow'
const MOST_NAMED = 10

async function printStep(taskId: string, step: StepView): Promise<void> {
  const {
    stepId,
    status,
    capability = '',
    agentId,
    decision,
    attempts,
    held,
    durationMs,
    costUsd = 0,
    unpriced,
  } = step
  const took = durationMs === undefined ? '' : ` in ${duration(durationMs)}`
  say(`${style('bold', stepId)}  ${statusText(status)}${took}${costUsd > 0 ? `, ${usd(costUsd)}` : ''}`)
  const unknown = describeUnpriced(unpriced)
  if (unknown) say(unknown)
  const called = capabilityText(step)
  if (called || agentId || !(step.approval || step.items || step.round !== undefined))
    say(`${called || 'no agent'}${agentId ? ` by ${agentId}` : ''}`)
  if (step.approval) printApproval(taskId, step, step.approval)
  if (decision) printDecision(decision, step.items?.agents !== undefined)
  if (held)
    say(
      `${style('yellow', 'held')}  since ${held.since}${held.until ? `, until ${held.until}` : ''}: ${hanging(held.reason)}`,
    )
  for (const attempt of attempts) printAttempt(attempt)
  if (step.judging) say(judgingText(step.judging))
  for (const line of evaluationLines(step)) say(line, 2)
  if (capability === PLANNING) printPlanning(step.output)
  if (!(await printConversation(taskId, step, 'explain'))) await printTroubledItems(taskId, step, 'explain')
  if (step.child) say(`run by task ${step.child}; more of it: npx orchestrator status ${step.child}`)
  if (!step.error) return
  const { name, message } = notToldBy(attempts.at(-1), step.error)
  say(`\n${hanging(`${name}: ${message}`)}${pageOfError(name)}`)
}

function printAttempt(attempt: StepView['attempts'][number]): void {
  const { agentId, judgeOf, error, evaluation, startedAt, endedAt, askAgainAt } = attempt
  const spent = [duration(Date.parse(endedAt) - Date.parse(startedAt)), ...spentIn(attempt)].join(', ')
  // The time for a refused output is named by the policy of its step, and not by its agent.
  const isRefused = error.name === 'EvaluationFailedError'
  const again = askAgainAt === undefined || isRefused ? '' : ` (asked to be called again at ${askAgainAt})`
  const who = judgeOf === undefined ? agentId : `judge ${agentId} (of an output of ${judgeOf})`
  const { name, message } = failureOf(attempt)
  say(
    `${style('red', isRefused ? 'refused' : 'failed')}  ${who} after ${spent}: ${hanging(`${name}: ${message}`)}${again}`,
  )
  for (const line of faultLines(error)) say(line, 6)
  for (const line of checkLines(evaluation)) say(`  ${line}`, 6)
}

/** What is asked, until when, and how to answer; once it is answered, by whom. */
function printApproval(taskId: string, { stepId, status }: StepView, approval: Asked): void {
  const { prompt, choices, expiresAt, answer, editable } = approval
  say(`asked: ${hanging(prompt)}`)
  if (answer) {
    const comment = answer.comment ? `: ${answer.comment}` : ''
    return say(
      hanging(`answered: ${answer.decision}${editedText(answer)} by ${answer.by} at ${answer.at}${comment}`),
    )
  }
  if (status !== 'waiting') return
  if (editable) say(hanging(`its value may be changed: npx orchestrator show ${taskId} ${shellWord(stepId)}`))
  say(hanging(`waits for ${choices.join(' | ')}, ${decidersOf(approval)}, until ${expiresAt}`))
  say(`answer it: ${answerCommand({ taskId, stepId }, approval)}`)
}

/** `isOfPlan`: other agents have done items of this step, each by a decision of its own. */
function printDecision(
  { reason, candidates, chosen }: NonNullable<StepView['decision']>,
  isOfPlan: boolean,
): void {
  if (reason) say(hanging(isOfPlan ? `planned for ${chosen}: ${reason}` : reason))
  // Scores compare: of a single agent there is nothing to say.
  if (candidates.length === 0 || (candidates.length === 1 && candidates[0]?.eligible)) return
  say('')
  const rows = candidates.map(({ agentId, eligible, reason: why, load, costUsd, score }) => [
    agentId === chosen ? `> ${agentId}` : `  ${agentId}`,
    score?.total.toFixed(3) ?? '',
    score ? `${score.sample.toFixed(2)} (${score.quality.toFixed(2)} expected)` : '',
    costUsd > 0 ? usd(costUsd) : '-',
    score ? duration(1_000 * score.seconds) : '',
    load.toFixed(1),
    eligible ? '' : why,
  ])
  printTable(['  agent', 'score', 'quality', 'cost', 'time', 'inflight', 'why not'], rows)
  say('')
}
