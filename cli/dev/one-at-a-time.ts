export type Turns = {
  /** Asks for a run; `since` is when the first of its reasons arose, as of `performance.now()`. */
  ask(since: number): void
  /** Resolves when the run under way, if any, has ended; none begins after it. */
  stop(): Promise<void>
}

/** Runs `work` one run at a time; what is asked for during a run is one more run after it. `work` must not reject. */
export function oneAtATime(work: (since: number) => Promise<void>): Turns {
  let asked: number | undefined
  let running: Promise<void> | undefined
  let stopped = false

  async function run(): Promise<void> {
    while (asked !== undefined && !stopped) {
      const since = asked
      asked = undefined
      await work(since)
    }
    running = undefined
  }

  return {
    ask(since) {
      asked ??= since
      running ??= run()
    },
    async stop() {
      stopped = true
      await running
    },
  }
}
