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
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  const stop = timer(milliseconds, () => controller.abort(late()))
  try {
    return await orAborted(controller.signal, () => work(controller.signal))
  } finally {
    stop()
    signal.removeEventListener('abort', abort)
  }
}
