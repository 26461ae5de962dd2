import { boundedText, failureOf } from '../domain/bounded.ts'
import { type ErrorName, isOrchestratorError, OrchestratorError } from '../domain/errors.ts'
import { type FaultDetails, faultOf, reasonIn } from '../domain/fault.ts'
import type { SecretMask } from '../domain/secret-mask.ts'
import { transientError } from '../domain/transient-error.ts'
import { withoutSecrets } from '../domain/without-secrets.ts'
import type { ExitCalled } from './exit-called.ts'

const MOST_STACK_CHARACTERS = 4_000
/** A stack is as long as its thrower makes it. */
const MOST_READ_CHARACTERS = 40_000

/**
 * Converts a thrown value to the error that leaves the host: an OrchestratorError keeps its name and details, a
 * transient error becomes an AgentRetryableError, anything else an AgentFailedError. The error is copied with bounded
 * size, because a thrown value may be huge, and its getters may throw. `mask` masks the secrets that the agent was given, before anything is cut.
 */
export function asAgentFailure(thrown: unknown, now?: Date, mask?: SecretMask): OrchestratorError {
  const { name, message: given } = failureOf(thrown, mask?.text)
  const fault = faultOf(thrown, mask?.text)
  const reason = reasonIn(fault, given)
  const message = withoutSecrets(reason === undefined ? given : `${given}: ${reason}`)
  const failure = isOrchestratorError(thrown)
    ? new OrchestratorError(name as ErrorName, message, detailsOf(thrown))
    : failureOfOther(thrown, name === 'Error' ? message : `${name}: ${message}`, now)
  const stack = stackOf(thrown, mask)
  if (stack !== undefined) failure.stack = stack
  faults.set(failure, fault)
  return failure
}

/** Keeps the name of a death (until-exit/E1). */
export function asExit(called: ExitCalled): ExitCalled {
  faults.set(called, faultOf(called))
  return called
}

const faults = new WeakMap<object, FaultDetails>()

/** An error that was made of another one has its fault too, masked. */
export function keepFault(from: unknown, to: object, mask: SecretMask | undefined): void {
  const fault = faultBehind(from)
  if (fault) faults.set(to, mask ? mask.value(fault) : fault)
}

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

function stackOf(thrown: unknown, mask: SecretMask | undefined): string | undefined {
  try {
    const stack = thrown instanceof Error ? thrown.stack : undefined
    if (typeof stack !== 'string') return undefined
    const read = stack.slice(0, MOST_READ_CHARACTERS)
    return boundedText(withoutSecrets(mask?.text(read) ?? read), MOST_STACK_CHARACTERS)
  } catch {
    return undefined
  }
}
