import { OrchestratorError } from './errors.ts'

/** What an invocation is told whose step another one owns since: it changes nothing any more. */
export function superseded(path: string): OrchestratorError {
  return new OrchestratorError('StepSupersededError', `a later attempt of step "${path}" has taken over`)
}
