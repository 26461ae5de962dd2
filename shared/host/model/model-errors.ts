import { failureOf } from '../../domain/bounded.ts'
import { type ErrorName, isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import { DEFAULT_FALLBACK_AFTER_SECONDS, type ModelSettings } from '../../domain/model-settings.ts'
import type { TokenUsage } from '../../domain/price-table.ts'
import { memberOf } from '../../domain/transient-error.ts'

/** Errors after which a model's fallback is asked: the model is gone, for now or for good. */
const GONE = [
  'ModelUnavailableError',
  'ModelRefusedError',
  'ModelTimedOutError',
] as const satisfies ErrorName[]

export const isGone = (error: unknown): error is OrchestratorError => isOrchestratorError(error, ...GONE)

/**
 * Throttling by a provider as the agent sees it: busy, not failed. The step is called again after the wait, which Step Functions does and no
 * function; no attempt is used up.
 */
export function throttled(name: string, why: string, waitSeconds?: number): OrchestratorError {
  const wish = waitSeconds === undefined ? {} : { waitSeconds }
  return new OrchestratorError('AgentThrottledError', `model ${name} ${why}`, { model: name, ...wish })
}

/** A model that is throttled, and the wait that it asks for; 0 where it tells none. */
export type Throttling = { error: OrchestratorError; waitSeconds: number }

export function throttlingOf(error: unknown): Throttling | undefined {
  if (!isOrchestratorError(error, 'AgentThrottledError')) return undefined
  const { waitSeconds } = error.details
  return { error, waitSeconds: typeof waitSeconds === 'number' ? waitSeconds : 0 }
}

/** Whether the fallback of a throttled model is asked (model-gate/G9). */
export const isImpatient = (
  { fallbackAfterSeconds: most = DEFAULT_FALLBACK_AFTER_SECONDS }: ModelSettings,
  { waitSeconds }: Throttling,
  waitedSeconds: number,
): boolean => waitSeconds > most || waitedSeconds >= most

/** The error of one try as it leaves the gate. */
export function asGateError(error: unknown, name: string): unknown {
  if (!isOrchestratorError(error, 'ModelThrottledError')) return error
  const wish = error.details.retryAfterSeconds
  const seconds = typeof wish === 'number' && wish > 0 ? wish : undefined
  return throttled(name, `is throttled by its provider: ${error.message}`, seconds)
}

/** The tokens that a failed try has certainly used, where its error tells them. */
export function usageIn(error: unknown): (TokenUsage & { estimated?: true }) | undefined {
  const usage = memberOf(error, 'usage') ?? memberOf(memberOf(error, 'details'), 'usage')
  const isTold = typeof memberOf(usage, 'inputTokens') === 'number'
  return isTold ? (usage as TokenUsage & { estimated?: true }) : undefined
}

/** Errors of requests that a provider has answered without working on them. */
const UNPAID = ['ModelThrottledError', 'ModelRefusedError'] as const satisfies ErrorName[]

/**
 * Whether a failed try has cost nothing: the provider has refused it, or could not be reached. An answer that broke off or never came, and a call that
 * was aborted, may have cost all that was held.
 */
export const isUnpaid = (error: unknown, hasBegun: boolean): boolean =>
  isOrchestratorError(error, ...UNPAID) || (!hasBegun && isOrchestratorError(error, 'ModelUnavailableError'))

/** A model that has been asked, and how that has failed. */
export type FailedModel = { model: string; error: unknown }

/**
 * The error of a call with fallbacks (model-gate/G11): the same, with the failures of the other models that were asked as its cause, each with its model. An
 * error that is no OrchestratorError, such as the reason of a signal, stays as it is.
 */
export function withOthers(error: unknown, failed: readonly FailedModel[]): unknown {
  const others = failed.filter((one) => one.error !== error)
  if (others.length === 0 || !isOrchestratorError(error)) return error
  const causes = others.map(({ model, error: other }) => failureFor(model, other))
  const message = `other models of this call have failed, too: ${others.map(({ model }) => model).join(', ')}`
  const cause = new AggregateError(error.cause === undefined ? causes : [...causes, error.cause], message)
  const told = new OrchestratorError(error.name, error.message, error.details, cause)
  if (error.stack !== undefined) told.stack = error.stack
  return told
}

/** Without a cause of its own, which would be taken for that of the call's error. */
function failureFor(model: string, error: unknown): Error {
  const { name, message } = failureOf(error)
  const failure = new Error(message.includes(`model ${model}`) ? message : `model ${model}: ${message}`)
  failure.name = name
  return failure
}
