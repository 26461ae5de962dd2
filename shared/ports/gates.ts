/** Where a step waits for others that do not nest with it. */
export type Gates = {
  /** Adds a step to those that have passed the gate before another in an execution; answers how many have, and who waits. Idempotent. */
  passGate(
    runKey: string,
    before: string,
    stepId: string,
  ): Promise<{ done: number; token: string | undefined }>
}
