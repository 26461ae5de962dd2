export type Turns = {
  /** Requests a run; `since` is the time of its first cause, as of `performance.now()`. */
  ask(since: number): void
  /** Waits for the current run, if any; no other run begins. */
  stop(): Promise<void>
}

/** Runs `work` one run at a time; requests during a run are merged into one further run. `work` must not reject. */
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
