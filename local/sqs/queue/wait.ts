import type { EngineClock } from '../../stepfunctions/run/clock.ts'
import type { Queue } from './queue.ts'

/**
 * Resolves once something can be received, or at `until` (milliseconds since 1970), or when the signal aborts; whichever comes first.
 * Nothing is polled: without a message that is delayed or in flight, and without an end, no timer runs.
 */
export async function waitForMessage(
  queue: Queue,
  clock: EngineClock,
  { until = Number.POSITIVE_INFINITY, signal }: { until?: number; signal: AbortSignal },
): Promise<void> {
  for (;;) {
    const due = Math.min(until, queue.lookAt() ?? Number.POSITIVE_INFINITY)
    if (signal.aborted || due <= clock.now()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const nap = new AbortController()
    const end = queue.onReady(resolve)
    signal.addEventListener('abort', () => resolve(), { once: true, signal: nap.signal })
    if (Number.isFinite(due)) clock.sleep(due - clock.now(), nap.signal).then(resolve, () => undefined)
    await promise
    end()
    nap.abort()
  }
}
