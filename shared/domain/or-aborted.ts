/**
 * The result of `work`, or the signal's reason as soon as it aborts: work that does not heed its signal blocks nothing. It is not begun where the signal has
 * aborted already.
 */
export async function orAborted<T>(signal: AbortSignal, work: () => PromiseLike<T>): Promise<T> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  // Both may fail: only the first failure is told.
  aborted.promise.catch(() => {})
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work(), aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
