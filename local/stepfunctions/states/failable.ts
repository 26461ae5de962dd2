/**
 * Task, Parallel and Map: a call that may fail, with Retry and Catch around it.
 *
 * Invariants (tests cite them):
 * T1 each retrier counts its own retries; the first that names the error applies, and only it
 * T2 the n-th retry of a retrier waits IntervalSeconds * BackoffRate^n, at most MaxDelaySeconds, less with jitter
 * T3 an error that no retrier takes goes to the first catcher that names it, else it ends the flow
 * T4 an error in the state's own `Output` or `Assign` is treated like one of the call
 */
import type { MapState, ParallelState, Retrier, TaskState } from '../definition.ts'
import { leave, shape } from '../leave-state.ts'
import type { Entry, Exit } from '../scope.ts'
import { errorMatches, Failed, StateError } from '../state-error.ts'

export type Failable = TaskState | ParallelState | MapState
/** One try. `after` is the event that led to it; a failing one tells its last event through `Failed`. */
export type Call<S extends Failable> = (
  entry: Entry<S>,
  retryCount: number,
  after: number,
) => Promise<{ result: unknown; last: number }>

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
  error: string | undefined,
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

async function caught(entry: Entry<Failable>, failed: Failed): Promise<Exit> {
  const { reason, last } = failed
  const catchers = entry.state.Catch ?? []
  const index = catchers.findIndex(({ ErrorEquals }) => errorMatches(ErrorEquals, reason.error))
  const catcher = catchers[index]
  if (!catcher) throw failed
  const errorOutput = { Error: reason.error, Cause: reason.cause }
  const shaped = await shape(entry, catcher, errorOutput, `Catch[${index}]/`, { errorOutput })
  return { ...shaped, next: catcher.Next, last }
}
