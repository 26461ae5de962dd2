import { boundedText, failureOf } from '../domain/bounded.ts'
import { type ErrorName, isOrchestratorError, OrchestratorError } from '../domain/errors.ts'

const MOST_STACK_CHARACTERS = 4_000

/**
 * What an agent has thrown, as an error that can leave the host: ours keep their name and details, anything else is the agent's
 * failure. It is made anew, for what was thrown may be of any size, and its members may throw when they are read.
 */
export function asAgentFailure(thrown: unknown): OrchestratorError {
  const { name, message } = failureOf(thrown)
  const failure = isOrchestratorError(thrown)
    ? new OrchestratorError(name as ErrorName, message, detailsOf(thrown))
    : new OrchestratorError('AgentFailedError', name === 'Error' ? message : `${name}: ${message}`)
  const stack = stackOf(thrown)
  if (stack !== undefined) failure.stack = stack
  return failure
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
