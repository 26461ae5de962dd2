/**
 * Applies a step's `onFailure`: what its failure means for the task.
 *
 * Invariants (tests cite them):
 * settle/Z1 the record of a settled step is final before any other step is told to go on
 * settle/Z2 a failure that ends the task leaves as a StepFailedError, which no state retries; a step that goes on never throws
 */
import type { RebindAnswer } from '../../contracts/step-payload.ts'
import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import { stepEndedEvent } from '../../domain/events-of-step.ts'
import { failureKind } from '../../domain/failure-kinds.ts'
import { parsePath } from '../../domain/instance-path.ts'
import { isFinalStepStatus, type StepRecord } from '../../domain/step.ts'
import { superseded } from '../../domain/superseded.ts'
import type { OpenTask } from '../../domain/task.ts'
import { secondsUntil } from '../../domain/times.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ownership, Plan, Ports, StepEnd } from '../../ports/index.ts'
import { resolveExpressions } from '../../workflow/expressions.ts'
import { type AgentStep, goesOnAfterFailure, type Step } from '../../workflow/schema.ts'
import { namesForExpressions } from './expression-names.ts'
import { messageInCause } from './failure-in-cause.ts'
import { recordsOfNeeds } from './resolve-step.ts'

export type Failure = { name: string; message: string }
export type Settled = { settled: 'succeeded' | 'failed' }
/** A step that the calling invocation owns. */
export type Situation = {
  ports: Pick<Ports, 'steps' | 'values' | 'sharedState' | 'bus' | 'clock'>
  task: Pick<OpenTask, 'id' | 'type' | 'metadata'>
  plan: Plan
  step: Step
  record: StepRecord
  own: Ownership
}

/** Costs of a step that belong to no attempt. */
export type Paid = Pick<StepEnd, 'costUsd' | 'tokens' | 'unpriced'>

/** Ends the step as its policy says; throws the failure where it ends the task. */
export async function settleFailure(situation: Situation, error: Failure, paid: Paid = {}): Promise<Settled> {
  const { onFailure } = situation.step
  if (typeof onFailure === 'object' && 'output' in onFailure && !isFatal(error))
    return settleDegraded(situation, onFailure.output, error, paid)
  const answer = await endStep(situation, { status: 'failed', error, ...paid })
  if (goesOnAfterFailure(situation.step) && !isFatal(error)) return answer
  throw verdictOf(error)
}

/** Errors that end the task regardless of its steps' failure policies. */
export const FATAL: readonly string[] = ['BudgetExceededError', 'DeadlineExceededError']
export const isFatal = ({ name }: { name: string }): boolean => FATAL.includes(name)

export const isPastDeadline = ({ clock }: Pick<Ports, 'clock'>, { deadline }: Plan): boolean =>
  deadline !== undefined && secondsUntil(deadline, clock.now()) <= 0

export const pastDeadline = ({ deadline }: Plan): Failure => ({
  name: 'DeadlineExceededError',
  message: `the task's deadline, ${deadline}, has passed`,
})

/** Whether the task goes on after this failure of a step. */
export const hasGoneOn = (step: Step, { error }: Pick<StepRecord, 'error'>): boolean =>
  goesOnAfterFailure(step) && !(error && isFatal(error))

/** Uses the replacement value as output; if its expression fails, the step fails with both errors. */
async function settleDegraded(
  situation: Situation,
  template: unknown,
  error: Failure,
  paid: Paid,
): Promise<Settled> {
  const { ports, task, plan, own, record } = situation
  const { scope } = parsePath(own.path)
  const failed = { ...record, status: 'failed' as const, error }
  const records = await recordsOfNeeds(ports.steps, plan, own.path)
  try {
    const names = await namesForExpressions(ports, {
      ...{ task, plan, scope, path: own.path, records, template, failed },
    })
    const value = (await resolveExpressions(template, names, 'onFailure.output')) ?? null
    const output = await ports.values.storeValue(own.taskId, value)
    return await endStep(situation, { status: 'succeeded', output, degraded: error.message, ...paid })
  } catch (thrown) {
    if (!isOrchestratorError(thrown, 'InvalidInputError')) throw thrown
    const both = { name: error.name, message: `${error.message}; and its degraded output: ${thrown.message}` }
    await endStep(situation, { status: 'failed', error: both, ...paid })
    throw verdictOf(both)
  }
}

/** Records the end and publishes its event. Throws StepSupersededError when another invocation owns the step. */
export async function endStep(
  { ports, plan, own, record }: Pick<Situation, 'ports' | 'plan' | 'own' | 'record'>,
  outcome: Omit<StepEnd, 'endedAt'>,
): Promise<Settled> {
  // A judge has not done the step: it is that of the agent whose output has waited (judging/W3).
  const { agentId, startedAt } = record.judging ?? {}
  const ofStep = withoutUndefined({ agentId, startedAt })
  const ended = { ...ofStep, ...outcome, endedAt: ports.clock.now().toISOString() }
  if (!(await ports.steps.endStep(own, ended))) throw superseded(own.path)
  const event = stepEndedEvent(plan, { ...record, ...ended })
  await ports.bus.publish(event ? [event] : [])
  return { settled: outcome.status === 'failed' ? 'failed' : 'succeeded' }
}

/**
 * The error that ends the task in Step Functions. It has one fixed name, because states retry all other errors of the functions; the
 * failure's own name is in the message.
 */
export function verdictOf({ name, message }: Failure): OrchestratorError {
  return new OrchestratorError('StepFailedError', `${name || 'AgentFailedError'}: ${message}`)
}

/** The answer for a step that has ended; throws the failure that ends the task (rebind/B6). */
export function settledAs(step: AgentStep, record: StepRecord): RebindAnswer {
  const { path, status, error } = record
  if (!isFinalStepStatus(status)) throw new OrchestratorError('BugError', `${path} is not final`)
  if (status === 'succeeded' || status === 'skipped') return { settled: 'succeeded' }
  if (status === 'cancelled')
    throw new OrchestratorError('TaskCancelledError', `step "${path}" was cancelled`)
  if (hasGoneOn(step, record)) return { settled: 'failed' }
  throw verdictOf({ name: error?.name ?? '', message: error?.message ?? `step "${path}" failed` })
}

/** The failure in the error that a Catch has recorded: the one inside a verdict, or the error itself. */
export function failureIn({
  Error: name = '',
  Cause,
}: {
  Error?: string | undefined
  Cause: string
}): Failure {
  const message = messageInCause(Cause)
  const [, own, rest] = /^(\w+): (.*)$/s.exec(message) ?? []
  return name === 'StepFailedError' && own && rest ? { name: own, message: rest } : { name, message }
}

/** Errors that are not the agent's fault. */
const OTHERS_FAULT = [
  'InvalidInputError',
  'CapabilityNotAllowedError',
  'TaskCancelledError',
  'StepSupersededError',
  'BudgetExceededError',
  'DeadlineExceededError',
  'UnavailableError',
  // The goal's, which a planner has looked at.
  'PlanRefusedError',
  'PlanningFailedError',
]

export const isAgentsFault = ({ name }: { name: string }): boolean => !OTHERS_FAULT.includes(name)

/** Whether an agent's failure is reported to its breaker (breaker/K7): one whose output is poor for one step may be good for others. */
export const isBreakersConcern = (failure: { name: string }): boolean =>
  isAgentsFault(failure) &&
  failureKind(failure) !== 'configuration' &&
  failure.name !== 'EvaluationFailedError'
