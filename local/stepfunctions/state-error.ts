/** A failure as Step Functions names it: matched by Retry and Catch, shown in the history. */
export class StateError extends Error {
  override readonly name = 'StateError'
  readonly error: string
  override readonly cause: string

  constructor(error: string, cause: string) {
    super(`${error}: ${cause}`)
    this.error = error
    this.cause = cause
  }
}

/** Errors that `States.ALL` and `States.TaskFailed` do not stand for. */
const NOT_CAUGHT_BY_ALL = ['States.DataLimitExceeded', 'States.Runtime']

/** Whether a retrier or catcher with these names applies to an error. */
export function errorMatches(names: readonly string[], error: string): boolean {
  if (names.includes(error)) return true
  if (NOT_CAUGHT_BY_ALL.includes(error)) return false
  return names.includes('States.ALL') || (names.includes('States.TaskFailed') && error !== 'States.Timeout')
}

/** Thrown through an execution that is being stopped; no Catch sees it. */
export class ExecutionStopped extends Error {
  override readonly name = 'ExecutionStopped'
}
