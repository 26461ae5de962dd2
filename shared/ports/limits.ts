/** A slot of a counting semaphore. `until` (seconds since 1970) ends its lease, so that a crashed holder does not leak it. */
export type Slot = { id: string; until: number }

/** Concurrency and rate limits that all tasks share, by scope: `agent:research`, `model:some-model`, `tenant:default`. */
export type Limits = {
  /** False when `most` slots are taken. Idempotent by the slot's id. */
  takeSlot(scope: string, slot: Slot, most: number): Promise<boolean>
  freeSlot(scope: string, id: string): Promise<void>
  /** How many slots of each scope are taken, without expired leases. */
  countSlots(scopes: readonly string[]): Promise<Map<string, number>>
  /** The ids of the slots that are taken in a scope. */
  listSlots(scope: string): Promise<string[]>
  /** Takes an amount from the quota of the current minute (UTC); false when the rest of the quota is too small. */
  takeRate(scope: string, amount: number, mostPerMinute: number): Promise<boolean>
  /** Gives back what was taken at a time and not used. After that minute it does nothing: its quota is no use to anyone. */
  giveBackRate(scope: string, amount: number, takenAt: Date): Promise<void>
}
