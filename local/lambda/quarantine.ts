/** Each is a process that lives for one invocation. */
const MOST_APART = 8
/** What brings the local cloud down does so soon after it has begun, as a rule: who has lived so long does not hold up the others. */
const ALONE_MILLISECONDS = 5_000

type Waiting = { alone: boolean; run: () => Promise<void> }

/**
 * Lets in those that run apart from others: a few at a time; and of those that run alone, one, until it has ended or has
 * proven itself for a while.
 */
export class Quarantine {
  #waiting: Waiting[] = []
  #inside = 0
  #alone = false

  /** `run` resolves when its sandbox is no more. */
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
