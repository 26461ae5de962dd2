/** Gates: dependencies between steps that the nesting of states cannot express. */
export type Gates = {
  /**
   * Adds a step to those that have passed the gate before another step; returns how many have passed, and the waiting task token.
   * Idempotent.
   */
  passGate(
    runKey: string,
    before: string,
    stepId: string,
  ): Promise<{ done: number; token: string | undefined }>
}
