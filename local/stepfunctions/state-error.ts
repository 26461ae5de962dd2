/** A failure as Step Functions names it: matched by Retry and Catch, shown in the history. */
export class StateError extends Error {
  override readonly name = 'StateError'
  readonly error: string | undefined
  override readonly cause: string | undefined

  constructor(error: string | undefined, cause: string | undefined) {
    super(`${error ?? ''}: ${cause ?? ''}`)
    this.error = error
    this.cause = cause
  }
}

/** A StateError with the event that recorded it: what follows is appended after that. */
export class Failed extends Error {
  readonly reason: StateError
  readonly last: number

  constructor(reason: StateError, last: number) {
    super(reason.message)
    this.reason = reason
    this.last = last
  }
}

/** Why a field could not be evaluated, in the words that follow "while executing the state ...". */
export class QueryError extends Error {
  readonly field: string

  constructor(field: string, detail: string) {
    super(detail)
    this.field = field
  }
}

/** Errors that `States.ALL` and `States.TaskFailed` do not stand for. */
const NOT_CAUGHT_BY_ALL = ['States.DataLimitExceeded', 'States.Runtime']

/** Whether a retrier or catcher with these names applies to an error. */
export function errorMatches(names: readonly string[], error = ''): boolean {
  if (names.includes(error)) return true
  if (NOT_CAUGHT_BY_ALL.includes(error)) return false
  return names.includes('States.ALL') || (names.includes('States.TaskFailed') && error !== 'States.Timeout')
}

/** Thrown through an execution that is being stopped; no Catch sees it. */
export class ExecutionStopped extends Error {
  override readonly name = 'ExecutionStopped'
}
