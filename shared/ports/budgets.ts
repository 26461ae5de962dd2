import type { Amount, Budget } from '../domain/budget.ts'

/** Part of a budget that is held for one step: for an attempt (its fence), or for a child's task (its id). */
export type Reservation = Amount & { holder: string; isChild: boolean }

/** `available` names only what is limited. */
export type KeptBudget = {
  available: Partial<Amount>
  spent: Amount
  /** By path. */
  reserved: Map<string, Reservation>
  /** Whose slice it is, of a child's task. */
  parent?: { taskId: string; path: string }
}

/** What is left of each task's budget. Every write is one conditional write of one item. */
export type Budgets = {
  /** Does nothing when the task has one. A child has what its parent gives it, and is limited where that is. */
  create(taskId: string, budget: Budget, parent?: { taskId: string; path: string }): Promise<void>
  find(taskId: string): Promise<KeptBudget | undefined>
  /** False when so much is not available, or the path has a reservation. */
  reserve(taskId: string, path: string, reservation: Reservation): Promise<boolean>
  /** Adds to a reservation of that holder; false when so much is not available, or it is not there. */
  enlarge(taskId: string, path: string, holder: string, more: Amount): Promise<boolean>
  /** Ends exactly this reservation: `spent` of it is spent, the rest available again. False when it is not (or not as such) there. */
  settle(taskId: string, path: string, reservation: Reservation, spent: Amount): Promise<boolean>
  /** Spent without having been reserved: what is available may fall below nothing. */
  charge(taskId: string, spent: Amount): Promise<void>
  /** From one total to a larger one, once however often it is said. */
  raise(taskId: string, from: Amount, to: Amount): Promise<void>
  /** Makes more available of what is limited. */
  grant(taskId: string, more: Amount): Promise<void>
}
