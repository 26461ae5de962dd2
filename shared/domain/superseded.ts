import { OrchestratorError } from './errors.ts'

/** The error for an invocation that has lost its step to a later one: it must not write any more. */
export function superseded(path: string): OrchestratorError {
  return new OrchestratorError('StepSupersededError', `a later attempt of step "${path}" has taken over`)
}
