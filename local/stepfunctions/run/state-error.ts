/** A failure with Step Functions' error name: matched by Retry and Catch, shown in the history. */
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

/** A StateError that Retry and Catch never match. */
export class Unmendable extends StateError {}

/** A StateError with the event that recorded it, which the next event follows. */
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

/** Errors that `States.ALL` and `States.TaskFailed` do not match. */
const NOT_CAUGHT_BY_ALL = ['States.DataLimitExceeded', 'States.Runtime']

/** Whether a retrier or catcher with these names applies to an error. */
export function errorMatches(names: readonly string[], error = ''): boolean {
  if (names.includes(error)) return true
  if (NOT_CAUGHT_BY_ALL.includes(error)) return false
  return names.includes('States.ALL') || (names.includes('States.TaskFailed') && error !== 'States.Timeout')
}

/** Thrown through an execution that is being stopped; no Catch sees it. */
export class ExecutionStopped extends Error {
  override readonly name: string = 'ExecutionStopped'
}

/** Stops the other branches of a Parallel, or iterations of a Map; `last` is the event that recorded the failure. */
export class SiblingFailed extends ExecutionStopped {
  override readonly name = 'SiblingFailed'
  readonly last: number

  constructor(last: number) {
    super('another branch or iteration has failed')
    this.last = last
  }
}

/** The failure that Retry and Catch see for a thrown value. A stop is rethrown: it can be neither retried nor caught. */
export function asFailed(thrown: unknown, last: number): Failed {
  if (thrown instanceof Failed) return thrown
  if (thrown instanceof StateError) return new Failed(thrown, last)
  throw thrown
}
