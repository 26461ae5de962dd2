import { OrchestratorError } from '../domain/errors.ts'

/**
 * Time limits for checks against JSON Schemas of users. They are synchronous, and a schema can make them endless, by a backtracking pattern
 * or by recursive references, which would block all other work of the process.
 *
 * Invariants (tests cite them):
 * work/K1 work is interrupted at its time limit, even inside a regular expression, and the error names the work
 * work/K2 endless recursion is reported as an error of the schema's author, not as an internal one
 * work/K3 nested work has its own limit, and work after an interruption runs as before
 */
export type Bound = <T>(what: string, work: () => T, mostMilliseconds: number) => T

const MOST_MILLISECONDS = 2_000

/** The default, for tests, tools and browsers, has no limit. */
let current: Bound = (_what, work) => work()

/** Called once by the entry point of a function, like `useEvaluator`. */
export function useBound(bound: Bound): void {
  current = bound
}

/**
 * The result of `work`; `what` names it in errors. Throws the errors of `work`, InvalidInputError when it exceeds `mostMilliseconds` or
 * recurses endlessly, and UnavailableError when the machine is too busy.
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
