import { orAborted } from '../domain/or-aborted.ts'
import type { Timer } from '../domain/timer.ts'

/**
 * Works with a signal that aborts after some time, or with the caller's. The promise settles then, also where the work heeds no signal: it
 * rejects with the signal's reason.
 */
export async function withinTime<T>(
  {
    milliseconds,
    signal,
    timer,
    late,
  }: { milliseconds: number; signal: AbortSignal; timer: Timer; late: () => Error },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const tooLate = new AbortController()
  const either = AbortSignal.any([signal, tooLate.signal])
  const stop = timer(milliseconds, () => tooLate.abort(late()))
  try {
    return await orAborted(either, () => work(either))
  } finally {
    stop()
  }
}
