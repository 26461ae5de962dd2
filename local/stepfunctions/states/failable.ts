/**
 * Task and Parallel: a call that may fail, with Retry and Catch around it.
 *
 * Invariants (tests cite them):
 * T1 each retrier counts its own retries; the first that names the error applies, and only it
 * T2 the n-th retry of a retrier waits IntervalSeconds * BackoffRate^n, at most MaxDelaySeconds, less with jitter
 * T3 an error that no retrier takes goes to the first catcher that names it, else it ends the flow
 * T4 an error in the state's own `Output` or `Assign` is treated like one of the call
 */
import type { Catcher, ParallelState, Retrier, TaskState } from '../definition.ts'
import { leave } from '../leave-state.ts'
import { evaluate } from '../query.ts'
import type { Entry, Exit } from '../scope.ts'
import { errorMatches, StateError } from '../state-error.ts'

export type Failable = TaskState | ParallelState
/** One try. `after` is the event that led to it; a failing one tells its last event through `Failed`. */
export type Call<S extends Failable> = (
  entry: Entry<S>,
  retryCount: number,
  after: number,
) => Promise<{ result: unknown; last: number }>

/** A failed try with the event that recorded it. */
export class Failed extends Error {
  readonly reason: StateError
  readonly last: number

  constructor(reason: StateError, last: number) {
    super(reason.message)
    this.reason = reason
    this.last = last
  }
}

const DEFAULTS = { IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 2 }

export async function runFailable<S extends Failable>(entry: Entry<S>, call: Call<S>): Promise<Exit> {
  const retries = new Map<Retrier, number>()
  let after = entry.entered
  for (let retryCount = 0; ; retryCount++) {
    try {
      const { result, last } = await call(entry, retryCount, after)
      return await leave(entry, result, last, { result })
    } catch (thrown) {
      const failed = asFailed(thrown, entry)
      const retrier = retrierFor(entry.state, failed.reason.error, retries)
      if (!retrier) return caught(entry, failed)
      const seconds = delayOf(retrier, retries.get(retrier) ?? 0, entry.scope.execution.surroundings.random)
      retries.set(retrier, (retries.get(retrier) ?? 0) + 1)
      after = failed.last
      await entry.scope.execution.surroundings.clock.sleep(seconds * 1_000, entry.scope.signal)
    }
  }
}

/** A stop goes straight through: it is nobody's to retry or catch. */
function asFailed(thrown: unknown, entry: Entry): Failed {
  if (thrown instanceof Failed) return thrown
  if (thrown instanceof StateError) return new Failed(thrown, entry.scope.execution.history.events.length)
  throw thrown
}

function retrierFor(
  { Retry = [] }: Failable,
  error: string,
  retries: ReadonlyMap<Retrier, number>,
): Retrier | undefined {
  const first = Retry.find(({ ErrorEquals }) => errorMatches(ErrorEquals, error))
  if (!first) return undefined
  return (retries.get(first) ?? 0) < (first.MaxAttempts ?? DEFAULTS.MaxAttempts) ? first : undefined
}

function delayOf(retrier: Retrier, retried: number, random: () => number): number {
  const { IntervalSeconds, BackoffRate, MaxDelaySeconds, JitterStrategy } = { ...DEFAULTS, ...retrier }
  const full = Math.min(IntervalSeconds * BackoffRate ** retried, MaxDelaySeconds ?? Number.POSITIVE_INFINITY)
  return JitterStrategy === 'FULL' ? full * random() : full
}

async function caught(entry: Entry<Failable>, { reason, last }: Failed): Promise<Exit> {
  const catcher = (entry.state.Catch ?? []).find(({ ErrorEquals }) => errorMatches(ErrorEquals, reason.error))
  if (!catcher) throw reason
  const errorOutput = { Error: reason.error, Cause: reason.cause }
  return exitByCatcher(entry, catcher, errorOutput, last)
}

async function exitByCatcher(
  entry: Entry,
  catcher: Catcher,
  errorOutput: object,
  last: number,
): Promise<Exit> {
  const names = entry.names({ errorOutput })
  const assigned = catcher.Assign
    ? ((await evaluate(catcher.Assign, names, 'Catch/Assign')) as Record<string, unknown>)
    : {}
  const output = 'Output' in catcher ? await evaluate(catcher.Output, names, 'Catch/Output') : errorOutput
  return { output, next: catcher.Next, assigned, last }
}
