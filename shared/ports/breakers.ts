import type { Breaker } from '../domain/breaker.ts'

/** `revision` counts the writes. */
export type KeptBreaker = { breaker: Breaker; revision: number }

export type Breakers = {
  /** By agent; one that nobody has written is closed, of revision 0. */
  find(agentIds: readonly string[]): Promise<Map<string, KeptBreaker>>
  /** False when somebody has written since that revision. */
  replace(agentId: string, revision: number, breaker: Breaker): Promise<boolean>
}
