/** How long a sandbox may take to say that it is alive, after one of its invocations has begun, or has timed out. */
const ANSWER_MILLISECONDS = 500

type Watched = {
  /** Sends a question that a sandbox answers as soon as its thread is free. */
  ask(): void
  /** Whether there is something in it that may hold its thread. */
  isAtWork(): boolean
}

/** Whether the thread of a sandbox is free: asked when an invocation begins, and each half second again, for it may be held later on. */
export class ThreadWatch {
  readonly #watched: Watched
  /** As long as it has not answered. */
  #askedAt: number | undefined
  #again: NodeJS.Timeout | undefined
  #lastChance: NodeJS.Timeout | undefined

  constructor(watched: Watched) {
    this.#watched = watched
  }

  /** Has been asked, and takes longer than a free thread would. */
  get isHeld(): boolean {
    return this.#askedAt !== undefined && Date.now() - this.#askedAt > ANSWER_MILLISECONDS
  }

  begin(): void {
    if (!this.#watched.isAtWork() || this.#askedAt !== undefined) return
    clearTimeout(this.#again)
    this.#askedAt = Date.now()
    this.#watched.ask()
  }

  hasAnswered(): void {
    this.stop()
    this.#askedAt = undefined
    if (this.#watched.isAtWork()) this.#again = setTimeout(() => this.begin(), ANSWER_MILLISECONDS).unref()
  }

  /** Asks once more; `giveUp` is called when there is no answer. */
  lastChance(giveUp: () => void): void {
    clearTimeout(this.#lastChance)
    this.#lastChance = setTimeout(giveUp, ANSWER_MILLISECONDS)
    this.#watched.ask()
  }

  stop(): void {
    clearTimeout(this.#again)
    clearTimeout(this.#lastChance)
  }
}
