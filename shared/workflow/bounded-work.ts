import { OrchestratorError } from '../domain/errors.ts'

/**
 * Checks against JSON Schemas that users wrote. They are synchronous, and a schema can make them endless: by a pattern that backtracks, by
 * alternatives that refer to each other, by a reference to itself. Whoever shares the process would wait.
 *
 * Invariants (tests cite them):
 * work/K1 work ends after a time, also in the middle of a regular expression, and its error says which work it was
 * work/K2 work that nests without end is an error of who wrote the schema, not one of ours
 * work/K3 work within work has its own bound, and what comes after an interruption runs as before
 */
export type Bound = <T>(what: string, work: () => T, mostMilliseconds: number) => T

const MOST_MILLISECONDS = 2_000

/** For tests, tools and browsers: nothing here ends work that takes long. */
let current: Bound = (_what, work) => work()

/** Called once, by the entry point of a function, as `useEvaluator` is. */
export function useBound(bound: Bound): void {
  current = bound
}

/**
 * What `work` answers; `what` names it in errors. Throws what `work` throws, InvalidInputError where it needs more than
 * `mostMilliseconds` or nests without end, and UnavailableError where the machine is too busy to do it.
 */
export function boundedWork<T>(what: string, work: () => T, mostMilliseconds = MOST_MILLISECONDS): T {
  try {
    return current(what, work, mostMilliseconds)
  } catch (error) {
    if (!(error instanceof RangeError && error.message.includes('call stack'))) throw error
    const message = `${what} does not end: a schema may refer to itself only where it goes into a member or an item`
    throw new OrchestratorError('InvalidInputError', message)
  }
}

/** The error of work that was interrupted. */
export const tookTooLong = (what: string, mostMilliseconds: number): OrchestratorError =>
  new OrchestratorError(
    'InvalidInputError',
    `${what} takes longer than ${mostMilliseconds} ms: a pattern that goes back and forth ((a+)+), or alternatives that refer to each other, try more combinations than can be tried`,
  )
