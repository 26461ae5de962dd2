/** Time as the engine sees it: real on a laptop, virtual in tests. */
export type EngineClock = {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after that time; rejects with the signal's reason when it aborts first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

/** setTimeout stops while a laptop sleeps, and is limited to 2^31 ms: so the due time is checked at this interval. */
const LOOK_MILLISECONDS = 5_000

export const realClock: EngineClock = {
  now: () => Date.now(),
  /** Setting the clock back does not prolong a sleep; after the machine's suspension it ends soon if it is due. */
  async sleep(milliseconds, signal) {
    const [due, started] = [Date.now() + milliseconds, performance.now()]
    const left = (): number => Math.min(due - Date.now(), milliseconds - (performance.now() - started))
    for (let rest = milliseconds; rest > 0; rest = left()) {
      await nap(Math.min(rest, LOOK_MILLISECONDS), signal)
    }
    signal?.throwIfAborted()
  },
}

/** Most timeouts are cancelled: cancelling must be cheap. */
function nap(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const abort = (): void => {
    clearTimeout(timer)
    reject(signal?.reason)
  }
  const timer = setTimeout(() => {
    signal?.removeEventListener('abort', abort)
    resolve()
  }, milliseconds)
  signal?.addEventListener('abort', abort, { once: true })
  return promise
}

type Timer = { at: number; fire: () => void }

/**
 * A virtual clock: time stands still while work is pending, then jumps to the next timer. A wait of a year ends in
 * milliseconds, in the right order. Timers of the same instant fire in the order in which they were set.
 */
export class VirtualClock implements EngineClock {
  #now: number
  /** Ordered by time; those of the same instant in the order in which they were set. */
  #timers: Timer[] = []
  #turning = false
  #held = 0
  #released = Promise.withResolvers<void>()

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer: Timer = { at: this.#now + Math.max(0, milliseconds), fire: resolve }
    this.#insert(timer)
    const abort = (): void => {
      this.#timers = this.#timers.filter((other) => other !== timer)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    void this.#turn()
    return promise.finally(() => signal?.removeEventListener('abort', abort))
  }

  /** Stops time until `work` has ended: it waits for real events, such as file access. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#held += 1
    try {
      return await work()
    } finally {
      this.#held -= 1
      if (this.#held === 0) {
        this.#released.resolve()
        this.#released = Promise.withResolvers()
      }
    }
  }

  #insert(timer: Timer): void {
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#timers[middle] as Timer).at <= timer.at) low = middle + 1
      else high = middle
    }
    this.#timers.splice(low, 0, timer)
  }

  /** Fires one timer at a time: its effects settle before the next. */
  async #turn(): Promise<void> {
    if (this.#turning) return
    this.#turning = true
    while (this.#timers.length > 0) {
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#held > 0) {
        await this.#released.promise
        continue
      }
      const next = this.#timers.shift()
      if (!next) continue
      this.#now = Math.max(this.#now, next.at)
      next.fire()
    }
    this.#turning = false
  }
}
