import type { EngineClock } from '../../../local/stepfunctions/run/clock.ts'

type Timer = { due: number; fire: () => void }

/** Time that passes only when a test says so, timer by timer; what each sets off has happened before the next. */
export class ManualClock implements EngineClock {
  #now = Date.UTC(2026, 0, 1)
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  /** How many timers run. */
  get timers(): number {
    return this.#timers.size
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const timer = { due: this.#now + milliseconds, fire: resolve }
      this.#timers.add(timer)
      signal?.addEventListener('abort', () => {
        this.#timers.delete(timer)
        reject(signal.reason)
      })
    })
  }

  async pass(milliseconds: number): Promise<void> {
    const until = this.#now + milliseconds
    for (;;) {
      await settle()
      const [next] = [...this.#timers].filter(({ due }) => due <= until).sort((a, b) => a.due - b.due)
      if (!next) break
      this.#now = Math.max(this.#now, next.due)
      this.#timers.delete(next)
      next.fire()
    }
    this.#now = until
    await settle()
  }
}

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
