/**
 * Task, Parallel and Map: a call that may fail, with Retry and Catch around it.
 *
 * Invariants (tests cite them):
 * failable/T1 each retrier counts its own retries; the first that names the error applies, and only it
 * failable/T2 the n-th retry of a retrier waits IntervalSeconds * BackoffRate^n, at most MaxDelaySeconds, less with jitter
 * failable/T3 an error that no retrier matches goes to the first catcher that matches it, else it ends the flow
 * failable/T4 an error in the state's own `Output` or `Assign` is treated like one of the call
 * failable/T5 a redrive repeats a failed call with fresh retry counts; earlier retries and catches stay recorded
 */
import type { MapState, ParallelState, Retrier, TaskState } from '../definition/definition.ts'
import type { History } from '../run/history.ts'
import { leave, shape } from '../run/leave-state.ts'
import * as places from '../run/places.ts'
import type { Entry, Exit } from '../run/scope.ts'
import { asFailed, errorMatches, type Failed, Unmendable } from '../run/state-error.ts'
import { recordFailure } from './record-failure.ts'

export type Failable = TaskState | ParallelState | MapState
export type Attempt = { place: string; retryCount: number; after: number }
/** One attempt. On failure it throws Failed, which has its last event. */
export type Call<S extends Failable> = (
  entry: Entry<S>,
  attempt: Attempt,
) => Promise<{ result: unknown; last: number }>

const DEFAULTS = { IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 2 }

/** The journal's note of a retry: by which retrier, when, and after which event. */
type Again = { retrier: number; due: number; last: number }

export async function runFailable<S extends Failable>(entry: Entry<S>, call: Call<S>): Promise<Exit> {
  const { history, surroundings } = entry.scope.execution
  const { clock } = surroundings
  let retries: number[] = []
  let after = entry.entered.id
  for (let attempt = 0, retryCount = 0; ; attempt++, retryCount++) {
    const place = places.attemptAt(entry.place, attempt)
    let again = history.noteAt<Again>(places.retryDue(place))
    const redriven = history.redriveAfter(Math.max(after, again ? 0 : lastOf(history, place)))
    if (redriven !== undefined && (!again || again.last > redriven)) {
      // After a redrive the retries are counted anew (failable/T5).
      retries = []
      retryCount = 0
      after = redriven
      if (!again && isOver(entry, place)) {
        retryCount = -1
        continue
      }
    }
    if (!again) {
      const tried = await tryOnce(entry, call, { place, retryCount, after })
      if ('exit' in tried) return tried.exit
      again = nextTry(entry, tried.failed, retries)
      if (!again) return caught(entry, recordFailure(entry, place, tried.failed), { place, retryCount })
      history.remember(places.retryDue(place), again)
    }
    retries[again.retrier] = (retries[again.retrier] ?? 0) + 1
    after = again.last
    await clock.sleep(Math.max(0, again.due - clock.now()), entry.scope.signal)
  }
}

/** The last recorded event of an attempt; 0 if there is none. */
function lastOf(history: History, place: string): number {
  return Math.max(0, ...places.MARKS_OF_ATTEMPT.map((at) => history.find(at(place))?.id ?? 0))
}

/**
 * Whether an attempt from before a redrive is over. A call always is: it is repeated. The flows of a Parallel or a Map
 * continue instead, unless all had succeeded and the state failed afterwards: then all of them run again.
 */
function isOver({ state, scope }: Entry<Failable>, place: string): boolean {
  const { history } = scope.execution
  return history.has(places.succeeded(place)) || (state.Type === 'Task' && history.has(places.begun(place)))
}

async function tryOnce<S extends Failable>(
  entry: Entry<S>,
  call: Call<S>,
  attempt: Attempt,
): Promise<{ exit: Exit } | { failed: Failed }> {
  try {
    const { result, last } = await call(entry, attempt)
    return {
      exit: await leave(entry, result, last, {
        result,
        retryCount: attempt.retryCount,
        place: attempt.place,
      }),
    }
  } catch (thrown) {
    return { failed: asFailed(thrown, entry.scope.execution.history.length) }
  }
}

/** The time of the next attempt; undefined when no retrier matches the error, or the matching one has no attempts left. */
function nextTry(
  entry: Entry<Failable>,
  { reason, last }: Failed,
  retries: readonly number[],
): Again | undefined {
  if (reason instanceof Unmendable) return undefined
  const { Retry = [] } = entry.state
  const retrier = Retry.findIndex(({ ErrorEquals }) => errorMatches(ErrorEquals, reason.error))
  const found = Retry[retrier]
  const retried = retries[retrier] ?? 0
  if (!found || retried >= (found.MaxAttempts ?? DEFAULTS.MaxAttempts)) return undefined
  const { clock, random } = entry.scope.execution.surroundings
  return { retrier, due: clock.now() + delayOf(found, retried, random) * 1_000, last }
}

function delayOf(retrier: Retrier, retried: number, random: () => number): number {
  const { IntervalSeconds, BackoffRate, MaxDelaySeconds, JitterStrategy } = { ...DEFAULTS, ...retrier }
  const full = Math.min(IntervalSeconds * BackoffRate ** retried, MaxDelaySeconds ?? Number.POSITIVE_INFINITY)
  return JitterStrategy === 'FULL' ? full * random() : full
}

/** The transition to the catcher that matches the error; throws if there is none. */
async function caught(
  entry: Entry<Failable>,
  failed: Failed,
  at: { place: string; retryCount: number },
): Promise<Exit> {
  const { reason, last } = failed
  const catchers = reason instanceof Unmendable ? [] : (entry.state.Catch ?? [])
  const index = catchers.findIndex(({ ErrorEquals }) => errorMatches(ErrorEquals, reason.error))
  const catcher = catchers[index]
  if (!catcher) throw failed
  const isTimeout = reason.error === 'States.Timeout'
  const errorOutput = { Error: reason.error, Cause: isTimeout ? (reason.cause ?? '') : reason.cause }
  const shaped = await shape(entry, catcher, errorOutput, `Catch[${index}]/`, { errorOutput, ...at })
  return { ...shaped, next: catcher.Next, last }
}
