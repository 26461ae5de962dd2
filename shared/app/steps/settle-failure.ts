/**
 * What the failure of a step means for its task: its `onFailure`.
 *
 * Invariants (tests cite them):
 * settle/Z1 the record of a settled step is final before anybody is told to go on
 * settle/Z2 a failure that ends the task leaves as a StepFailedError, which no state retries; a step that goes on never throws
 */
import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import { stepEndedEvent } from '../../domain/event.ts'
import { parsePath } from '../../domain/instance-path.ts'
import type { StepRecord } from '../../domain/step.ts'
import { superseded } from '../../domain/superseded.ts'
import type { OpenTask } from '../../domain/task.ts'
import type { Ownership, Plan, Ports, StepEnd } from '../../ports/index.ts'
import { resolveExpressions } from '../../workflow/expressions.ts'
import { goesOnAfterFailure, type Step } from '../../workflow/schema.ts'
import { namesForExpressions } from './expression-names.ts'
import { messageInCause } from './message-in-cause.ts'
import { recordsOfNeeds } from './resolve-step.ts'

export type Failure = { name: string; message: string }
export type Settled = { settled: 'succeeded' | 'failed' }
/** A step that its caller owns. */
export type Situation = {
  ports: Pick<Ports, 'steps' | 'values' | 'bus' | 'clock'>
  task: Pick<OpenTask, 'id' | 'type' | 'metadata'>
  plan: Plan
  step: Step
  record: StepRecord
  own: Ownership
}

/** What a step has cost that no attempt of its own has. */
export type Paid = Pick<StepEnd, 'costUsd' | 'tokens'>

/** Ends the step as its policy says; throws the failure where it ends the task. */
export async function settleFailure(situation: Situation, error: Failure, paid: Paid = {}): Promise<Settled> {
  const { onFailure } = situation.step
  if (typeof onFailure === 'object' && 'output' in onFailure && !isFatal(error))
    return settleDegraded(situation, onFailure.output, error, paid)
  const answer = await endStep(situation, { status: 'failed', error, ...paid })
  if (goesOnAfterFailure(situation.step) && !isFatal(error)) return answer
  throw verdictOf(error)
}

/** What ends a task, whatever its steps say of failures: it cannot pay, or its time is over. */
export const FATAL: readonly string[] = ['BudgetExceededError', 'DeadlineExceededError']
export const isFatal = ({ name }: { name: string }): boolean => FATAL.includes(name)

/** Whether the task goes on after a step that has failed like this. */
export const hasGoneOn = (step: Step, { error }: Pick<StepRecord, 'error'>): boolean =>
  goesOnAfterFailure(step) && !(error && isFatal(error))

/** A value in place of the output; where it cannot be evaluated, the step fails, and says both. */
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
    const names = await namesForExpressions(ports.values, {
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

/** Records the end, and tells of it. Throws StepSupersededError when the step is not ours any more. */
export async function endStep(
  { ports, own, record }: Pick<Situation, 'ports' | 'own' | 'record'>,
  outcome: Omit<StepEnd, 'endedAt'>,
): Promise<Settled> {
  const ended = { ...outcome, endedAt: ports.clock.now().toISOString() }
  if (!(await ports.steps.endStep(own, ended))) throw superseded(own.path)
  const event = stepEndedEvent(own.taskId, { ...record, ...ended })
  await ports.bus.publish(event ? [event] : [])
  return { settled: outcome.status === 'failed' ? 'failed' : 'succeeded' }
}

/**
 * What ends the task, as its states hear it: under one name, for whatever else they hear of our functions is retried. The
 * failure's own name is in the message.
 */
export function verdictOf({ name, message }: Failure): OrchestratorError {
  return new OrchestratorError('StepFailedError', `${name || 'AgentFailedError'}: ${message}`)
}

/** The failure that a Catch has got: that of a verdict, or whatever else went wrong. */
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

/** Errors of which an agent is not to blame. */
const OTHERS_FAULT = [
  'InvalidInputError',
  'TaskCancelledError',
  'StepSupersededError',
  'BudgetExceededError',
  'DeadlineExceededError',
  'UnavailableError',
]

export const isAgentsFault = ({ name }: { name: string }): boolean => !OTHERS_FAULT.includes(name)
