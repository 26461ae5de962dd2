import { OrchestratorError } from '../../domain/errors.ts'
import { suggestNames } from '../../domain/nearest-names.ts'

/** The error for a step that a task does not have, with the nearest of its paths; a path may be among them twice. */
export function noSuchStep(taskId: string, stepId: string, paths: readonly string[]): OrchestratorError {
  const nearest = suggestNames(stepId, [...new Set(paths)])
  return new OrchestratorError('NotFoundError', `task ${taskId} has no step "${stepId}"${nearest}`, {
    stepId,
  })
}
