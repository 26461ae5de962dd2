/** How long a sandbox may take to answer a ping before its event loop counts as blocked. */
const ANSWER_MILLISECONDS = 500

type Watched = {
  /** Sends a ping, which the sandbox answers as soon as its event loop is free. */
  ask(): void
  /** Whether it runs an invocation that could block the event loop. */
  isAtWork(): boolean
}

/** Detects a blocked event loop in a sandbox: pings when an invocation begins, and every half second after that. */
export class ThreadWatch {
  readonly #watched: Watched
  /** When the unanswered ping was sent. */
  #askedAt: number | undefined
  #again: NodeJS.Timeout | undefined
  #lastChance: NodeJS.Timeout | undefined

  constructor(watched: Watched) {
    this.#watched = watched
  }

  /** A ping has been unanswered for longer than a free event loop would take. */
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

  /** Pings once more; calls `giveUp` if there is no answer. */
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
