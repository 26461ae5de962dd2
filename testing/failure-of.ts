import { ERRORS, type ErrorName, OrchestratorError } from '../shared/domain/errors.ts'

/**
 * An error by name, as an agent throws it: `AgentRetryableError` is transient (`details: {retryAfterSeconds: 30}`), `AgentFinalError` final,
 * other names are errors of the agent.
 */
export type Failure = string | { name: string; message?: string; details?: Record<string, unknown> }

/** The error that a script names; `message` is its message where the script gives none. */
export function failureOf(fails: Failure, message: string): Error {
  const said = typeof fails === 'string' ? { name: fails } : fails
  const { name, message: own = message, details = {} } = said as Exclude<Failure, string>
  return isErrorName(name)
    ? new OrchestratorError(name, own, details)
    : Object.assign(new Error(own), { name })
}

const isErrorName = (name: string): name is ErrorName => Object.hasOwn(ERRORS, name)
