import type { Breaker } from '../domain/breaker.ts'

/** A stored circuit breaker; `revision` counts its writes, for optimistic locking. */
export type KeptBreaker = { breaker: Breaker; revision: number }

export type Breakers = {
  /** By agent; a breaker that was never written is closed, with revision 0. */
  find(agentIds: readonly string[]): Promise<Map<string, KeptBreaker>>
  /** Replaces the breaker by a conditional write; false when another writer came after that revision. */
  replace(agentId: string, revision: number, breaker: Breaker): Promise<boolean>
}
