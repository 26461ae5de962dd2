/** Each isolated run is a process for a single invocation. */
const MOST_APART = 8
/** An invocation that kills the local cloud usually does so soon after it begins: after this time alone, others may join it. */
const ALONE_MILLISECONDS = 5_000

type Waiting = { alone: boolean; run: () => Promise<void> }

/**
 * Limits the invocations that run isolated from others: a few at a time. Only one of those that must run alone is admitted, until
 * it has ended or survived for a while.
 */
export class Quarantine {
  #waiting: Waiting[] = []
  #inside = 0
  #alone = false

  /** `run` resolves when its sandbox has ended. */
  enter(run: () => Promise<void>, { alone = false } = {}): void {
    this.#waiting.push({ alone, run })
    this.#admit()
  }

  #admit(): void {
    while (this.#inside < MOST_APART) {
      const index = this.#waiting.findIndex(({ alone }) => !(alone && this.#alone))
      const [next] = index === -1 ? [] : this.#waiting.splice(index, 1)
      if (!next) return
      this.#inside += 1
      if (next.alone) this.#holdOthers(next)
      next.run().then(
        () => this.#leave(),
        () => this.#leave(),
      )
    }
  }

  #holdOthers(next: Waiting): void {
    this.#alone = true
    let held = true
    const release = (): void => {
      if (!held) return
      held = false
      clearTimeout(timer)
      this.#alone = false
      this.#admit()
    }
    const timer = setTimeout(release, ALONE_MILLISECONDS).unref()
    const { run } = next
    next.run = () => run().finally(release)
  }

  #leave(): void {
    this.#inside -= 1
    this.#admit()
  }
}
