/** A place among so many; `until` (seconds since 1970) it is given up when nobody frees it: a crash leaks nothing. */
export type Slot = { id: string; until: number }

/** What all tasks share, by scope: `agent:research`, `model:some-model`, `tenant:default`. */
export type Limits = {
  /** False when as many are taken. The same slot again is the same slot. */
  takeSlot(scope: string, slot: Slot, most: number): Promise<boolean>
  freeSlot(scope: string, id: string): Promise<void>
  /** How many slots of each scope are taken, without those that have been given up. */
  countSlots(scopes: readonly string[]): Promise<Map<string, number>>
  /** Who has the slots of a scope. */
  listSlots(scope: string): Promise<string[]>
  /** Takes an amount out of what a minute has (UTC); false when it has not as much left. */
  takeRate(scope: string, amount: number, mostPerMinute: number): Promise<boolean>
}
