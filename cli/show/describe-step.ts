import type { StepView } from '../../shared/contracts/views.ts'
import { withoutLastWords } from '../../shared/domain/last-words.ts'
import { editedText } from './answer-command.ts'
import { capabilityText } from './capability-text.ts'
import { attemptsBy, failureOf, judgingText, spentIn } from './describe-attempts.ts'
import { checkLines, evaluationLines } from './describe-evaluation.ts'
import { duration } from './duration.ts'
import { jsonText, printBounded } from './json-text.ts'
import { usd } from './money.ts'
import { say, statusText, style } from './output.ts'
import { pageOfError } from './page-of-error.ts'
import { print } from './terminal.ts'
import { visible } from './visible.ts'
import { waitsForText } from './watch-task.ts'

type Cause = { name: string; message: string; stack?: string | undefined }
type Failure = Cause & { causes?: Cause[] | undefined; details?: string | undefined }
type Attempt = StepView['attempts'][number]

/** `writer@1.2.0`: the agent of a step with the version that was called, or the task that runs it. */
export function agentOf({ agentId, agentVersion, attempts, child }: StepView): string {
  if (agentId === undefined) return child ?? ''
  const version =
    agentVersion ??
    attemptsBy(attempts).ofStep.findLast((attempt) => attempt.agentId === agentId)?.agentVersion
  return nameOf(agentId, version)
}

const nameOf = (agentId: string, version: string | undefined): string =>
  version === undefined ? agentId : `${agentId}@${version}`

/** How to print a value: as a whole, or with the command that does. */
export type Whole = { whole: string; isFull?: boolean | undefined }

export function printValue(title: string, value: unknown, whole: Whole): void {
  print(`\n${style('bold', title)}`)
  printBounded(jsonText(value).split('\n'), whole)
}

/** A step with what went in, every attempt, and what came out. */
export function printStep(step: StepView, whole: Whole): void {
  const { stepId, status, attempts, durationMs, costUsd = 0, tokens = 0 } = step
  const facts = [
    durationMs === undefined ? '' : `in ${duration(durationMs)}`,
    costUsd > 0 ? usd(costUsd) : '',
    tokens > 0 ? `${tokens} tokens` : '',
  ]
  say(`${style('bold', stepId)}  ${statusText(status)} ${facts.filter(Boolean).join(', ')}`.trimEnd())
  const agent = agentOf(step)
  const capability = capabilityText(step)
  if (capability || agent) say([capability, agent && `by ${agent}`].filter(Boolean).join(' '))
  for (const line of notesOf(step)) say(line)
  if (step.input !== undefined) printValue('input', step.input, whole)
  else if (step.startedAt !== undefined && status !== 'skipped') say('\ninput: none is kept')
  printAttempts(step, whole)
  for (const line of evaluationLines(step)) say(line, 2)
  if (step.output !== undefined) printValue('output', step.output, whole)
  if (step.error) {
    print(`\n${style('bold', 'error')}`)
    printFailure(notToldBy(attempts.at(-1), step.error), whole)
    const page = pageOfError(step.error.name).trim()
    if (page) say(page)
  }
}

function notesOf({
  needs,
  degraded,
  skipReason,
  reused,
  child,
  round,
  approval,
  decision,
  waitsFor,
}: StepView): string[] {
  const { answer, prompt = '' } = approval ?? {}
  return [
    needs.length > 0 ? `after ${needs.join(', ')}` : '',
    decision?.inPlaceOf ? `given to ${decision.chosen}: ${decision.reason}` : '',
    child ? `run by task ${child}` : '',
    waitsFor ? waitsForText(waitsFor) : '',
    round === undefined ? '' : `round ${round}`,
    reused ? `output taken from step ${reused.path} of ${reused.taskId}` : '',
    skipReason ? `skipped: ${skipReason}` : '',
    degraded ? `degraded: ${degraded}` : '',
    approval ? `asked: ${prompt}` : '',
    answer
      ? `answered: ${answer.decision}${editedText(answer)} by ${answer.by}${answer.comment ? `: ${answer.comment}` : ''}`
      : '',
  ]
    .filter(Boolean)
    .map(visible)
}

function printAttempts(step: StepView, whole: Whole): void {
  const { attempts, status, agentId, agentVersion, startedAt, endedAt, reused } = step
  const isCalled = agentId !== undefined && startedAt !== undefined && !reused
  const now = isCalled && (status === 'succeeded' || status === 'running') && !step.degraded
  if (attempts.length === 0 && !now) return
  print(`\n${style('bold', 'attempts')}`)
  for (const [at, attempt] of attempts.entries()) {
    const { judgeOf } = attempt
    const number = attemptsBy(attempts.slice(0, at)).ofStep.length + 1
    say(`  ${judgeOf === undefined ? number : 'judge'}  ${describeAttempt(attempt)}`, 5)
    for (const line of checkLines(attempt.evaluation)) say(`     ${line}`, 7)
    printFailure({ ...attempt.error, ...failureOf(attempt) }, whole)
  }
  if (!now) return
  const began = step.attemptStartedAt ?? startedAt
  const took = endedAt === undefined ? '' : ` after ${tookOf({ startedAt: began, endedAt })}`
  const number = attemptsBy(attempts).ofStep.length + 1
  say(`  ${number}  ${nameOf(agentId, agentVersion)}  ${began}  ${statusText(status)}${took}`, 5)
  if (step.judging) say(`     ${judgingText(step.judging)}`, 7)
}

const tookOf = ({ startedAt, endedAt }: { startedAt: string; endedAt: string }): string =>
  duration(Date.parse(endedAt) - Date.parse(startedAt))

function describeAttempt(attempt: Attempt): string {
  const { agentId, agentVersion, startedAt } = attempt
  const paid = spentIn(attempt).join(', ')
  const failed = `${statusText('failed')} after ${tookOf(attempt)}`
  return `${nameOf(agentId, agentVersion)}  ${startedAt}  ${failed}${paid && `, ${paid}`}`
}

/** The error with its stack and its causes, where the record has them. */
function printFailure({ causes = [], details, ...failure }: Failure, whole: Whole): void {
  const texts = [
    textOf(failure),
    ...causes.map((cause) => `caused by: ${textOf(cause)}`),
    ...(details === undefined ? [] : [`details: ${details}`]),
  ]
  printBounded(
    texts.flatMap((text) => visible(text).split('\n')),
    whole,
  )
}

/** The error of a step without the last lines of its process, if the last attempt has told them already. */
export const notToldBy = (last: Attempt | undefined, { name, message }: Cause): Cause => ({
  name,
  message: last && message.endsWith(last.error.message) ? withoutLastWords(message) : message,
})

const textOf = ({ name, message, stack }: Cause): string =>
  [`${name}: ${message}`, stack].filter(Boolean).join('\n')
