import { boundedText, failureOf } from '../domain/bounded.ts'
import { type ErrorName, isOrchestratorError, OrchestratorError } from '../domain/errors.ts'
import { type FaultDetails, faultOf, reasonIn } from '../domain/fault.ts'
import { transientError } from '../domain/transient-error.ts'
import { withoutSecrets } from '../domain/without-secrets.ts'

const MOST_STACK_CHARACTERS = 4_000

/**
 * What an agent has thrown, as an error that can leave the host: ours keep their name and details, what is transient by nature is an
 * AgentRetryableError, anything else is the agent's failure. It is made anew, for what was thrown may be of any size, and its members may
 * throw when they are read.
 */
export function asAgentFailure(thrown: unknown, now?: Date): OrchestratorError {
  const { name, message: given } = failureOf(thrown)
  const fault = faultOf(thrown)
  const reason = reasonIn(fault, given)
  const message = withoutSecrets(reason === undefined ? given : `${given}: ${reason}`)
  const failure = isOrchestratorError(thrown)
    ? new OrchestratorError(name as ErrorName, message, detailsOf(thrown))
    : failureOfOther(thrown, name === 'Error' ? message : `${name}: ${message}`, now)
  const stack = stackOf(thrown)
  if (stack !== undefined) failure.stack = stack
  faults.set(failure, fault)
  return failure
}

const faults = new WeakMap<object, FaultDetails>()

/** Where and why an agent has thrown what `asAgentFailure` has made this error of; undefined for an error of the host's own. */
export const faultBehind = (failure: unknown): FaultDetails | undefined =>
  typeof failure === 'object' && failure !== null ? faults.get(failure) : undefined

function failureOfOther(thrown: unknown, message: string, now: Date | undefined): OrchestratorError {
  const transient = transientError(thrown, now)
  if (!transient) return new OrchestratorError('AgentFailedError', message)
  const { reason, ...wish } = transient
  return new OrchestratorError(
    'AgentRetryableError',
    message.includes(reason) ? message : `${message} (${reason})`,
    wish,
  )
}

function detailsOf(thrown: { details: unknown }): Record<string, unknown> {
  try {
    return { ...(thrown.details as object) }
  } catch {
    return {}
  }
}

function stackOf(thrown: unknown): string | undefined {
  try {
    const stack = thrown instanceof Error ? thrown.stack : undefined
    return typeof stack === 'string' ? boundedText(stack, MOST_STACK_CHARACTERS) : undefined
  } catch {
    return undefined
  }
}
