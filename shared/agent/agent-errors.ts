import { OrchestratorError } from '../domain/errors.ts'

/** The longest wait that an agent may ask for; an agent that asks for more has failed for good. */
export const MOST_RETRY_AFTER_SECONDS = 86_400

type Options = { details?: Readonly<Record<string, unknown>>; cause?: unknown }

/**
 * A transient failure: the same agent is called again, after `retryAfterSeconds` if given (at most a day). Its attempts
 * are recorded as `AgentRetryableError`. A `retryAfterSeconds` that is not a positive number is ignored, so that the
 * header of an HTTP response can be passed on unchecked.
 */
export class RetryableError extends OrchestratorError {
  constructor(message: string, options: Options & { retryAfterSeconds?: number | undefined } = {}) {
    const { retryAfterSeconds, details, cause } = options
    const wish = isWait(retryAfterSeconds) ? { retryAfterSeconds } : {}
    super('AgentRetryableError', message, { ...details, ...wish }, cause)
  }
}

/**
 * A permanent failure: this agent is not called again for the step, even if `retry` allows more attempts; the next
 * agent is called. The attempt is recorded as `AgentFinalError`.
 */
export class FinalError extends OrchestratorError {
  constructor(message: string, { details, cause }: Options = {}) {
    super('AgentFinalError', message, details, cause)
  }
}

const isWait = (seconds: unknown): seconds is number =>
  typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0
