/**
 * `process.exit` of an agent's code: its attempt is recorded with the exit code and the place before the process ends. Without this, only the
 * death that is the last one of a step has a reason: Step Functions calls again after the others without telling anyone why.
 *
 * Invariants (tests cite them):
 * until-exit/E1 within the work the call throws, and the work fails with Runtime.ExitError, whatever the agent does with what was thrown
 * until-exit/E2 the process ends all the same, with that code: after the invocation, and not later than MOST_MILLISECONDS
 * until-exit/E3 outside of any work `process.exit` is what it was, and so it is for the runtime's own ends after a rejection or an exception
 *   that nothing has caught: it tells their reasons itself
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'
import { ExitCalled } from '../../shared/host/exit-called.ts'

type Code = number | string | null | undefined
type Work = { fail(error: Error): void; leaves: boolean }

/** For recording the attempt. */
const MOST_MILLISECONDS = 5_000

/** How Lambda's Node.js runtime ends after an unhandled rejection and an uncaught exception; its handlers run in the context of the work. */
const CODES_OF_RUNTIME: readonly unknown[] = [128, 129]

const works = new AsyncLocalStorage<Work>()
let exit: typeof process.exit | undefined
let leaving: { code: Code } | undefined

/** Runs work whose `process.exit` makes it fail. With `leaves` the process is to end then, by `leaveIfAsked`; a test only sees the failure. */
export function untilExit<T>(work: () => Promise<T>, { leaves }: { leaves: boolean }): Promise<T> {
  replaceExit()
  const called = Promise.withResolvers<never>()
  called.promise.catch(() => {})
  return works.run({ fail: called.reject, leaves }, () => Promise.race([work(), called.promise]))
}

/** Ends the process if an agent has asked for it (until-exit/E2). */
export function leaveIfAsked(): void {
  if (leaving && exit) exit(leaving.code)
}

function replaceExit(): void {
  if (exit) return
  exit = process.exit.bind(process)
  process.exit = exitOf
  // For `import { exit } from 'node:process'`.
  syncBuiltinESMExports()
}

function exitOf(code?: Code): never {
  const work = works.getStore()
  if (!work || CODES_OF_RUNTIME.includes(code)) return exit?.(code) as never
  const error = new ExitCalled(messageOf(code ?? process.exitCode))
  if (work.leaves && !leaving) {
    leaving = { code }
    setTimeout(leaveIfAsked, MOST_MILLISECONDS)
  }
  work.fail(error)
  throw error
}

/** As Lambda says it. */
const messageOf = (code: Code): string =>
  Number(code ?? 0) === 0
    ? 'Runtime exited without providing a reason: process.exit was called'
    : `Runtime exited with error: exit status ${code}: process.exit was called`
