type Kept<T> = { value: Promise<T>; at: number }

/** A secret that was rotated is read anew after this time at the latest. */
const KEPT_MILLISECONDS = 5 * 60_000

/** A reader that keeps what it has read for five minutes; reads of one name at the same time are one. A failed read is not kept. */
export function keptForAWhile<T>(
  read: (name: string) => Promise<T>,
  now: () => number,
): (name: string) => Promise<T> {
  const kept = new Map<string, Kept<T>>()
  return async (name) => {
    const known = kept.get(name)
    if (known && now() - known.at < KEPT_MILLISECONDS) return known.value
    const fresh = { value: read(name), at: now() }
    kept.set(name, fresh)
    return fresh.value.catch((error: unknown) => {
      if (kept.get(name) === fresh) kept.delete(name)
      throw error
    })
  }
}
