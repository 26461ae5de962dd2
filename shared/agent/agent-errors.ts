import { OrchestratorError } from '../domain/errors.ts'

/** The longest wait that an agent may ask for; an agent that asks for more has failed for good. */
export const MOST_RETRY_AFTER_SECONDS = 86_400

type Options = { details?: Readonly<Record<string, unknown>>; cause?: unknown }

/**
 * The same call may succeed later: the same agent is called again, not before `retryAfterSeconds` where it says so (at most a day). Its
 * attempts are recorded as `AgentRetryableError`. Values of `retryAfterSeconds` that are no positive number are ignored, so that the header
 * of an answer can be handed on as it came.
 */
export class RetryableError extends OrchestratorError {
  constructor(message: string, options: Options & { retryAfterSeconds?: number | undefined } = {}) {
    const { retryAfterSeconds, details, cause } = options
    const wish = isWait(retryAfterSeconds) ? { retryAfterSeconds } : {}
    super('AgentRetryableError', message, { ...details, ...wish }, cause)
  }
}

/**
 * The same call would fail again: this agent is not called again for the step, whatever its `retry` says; the next agent is. Its attempt is
 * recorded as `AgentFinalError`.
 */
export class FinalError extends OrchestratorError {
  constructor(message: string, { details, cause }: Options = {}) {
    super('AgentFinalError', message, details, cause)
  }
}

const isWait = (seconds: unknown): seconds is number =>
  typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0
