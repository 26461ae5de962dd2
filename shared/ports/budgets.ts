import type { Amount, Budget } from '../domain/budget.ts'

/** Part of a budget that is held for an attempt (its fence), until then at the latest (in seconds): it has ended by then. */
export type Reservation = Amount & { holder: string; until: number }

/** `available` names only what is limited. */
export type KeptBudget = {
  available: Partial<Amount>
  spent: Amount
  /** What there was in all. */
  total: Amount
  /** Nothing can be reserved of it. */
  isClosed: boolean
  /** By slot: one for each step of each task that spends of it. */
  reserved: Map<string, Reservation>
}

/** Tells of which budget a task spends: that of the root among its parents, or its own. */
export type Share = {
  root: string
  /** Set for a child. */
  parent?: string
  /** The task has ended: nothing is reserved for it. */
  isClosed: boolean
}

/** What is left of each budget, and which tasks spend of it. Every write is one conditional write of one item. */
export type Budgets = {
  /** Does nothing when the task has one. */
  create(taskId: string, budget: Budget): Promise<void>
  /** A child that spends of the budget of `root`. Does nothing when it does already. */
  share(child: string, of: { root: string; parent: string }): Promise<void>
  findShare(taskId: string): Promise<Share | undefined>
  /** The root of a task's share, which never changes: each worker asks once. Undefined for a task without a budget. */
  rootOf(taskId: string): Promise<string | undefined>
  /** A root's. */
  find(root: string): Promise<KeptBudget | undefined>
  /** `refused`: so much is not available, the slot is taken, or the budget is closed; `full`: no more can be held at once. */
  reserve(root: string, slot: string, reservation: Reservation): Promise<'reserved' | 'refused' | 'full'>
  /**
   * Ends exactly this reservation: `spent` is spent, the rest available again. What was spent beyond it is taken as well, so that what is
   * available may fall below nothing. False when it is not (or not as such) there.
   */
  settle(root: string, slot: string, reservation: Reservation, spent: Amount): Promise<boolean>
  /** From one total to a larger one; false when it is not (any more) the first. */
  raise(root: string, from: Amount, to: Amount): Promise<boolean>
  /** Nothing more is reserved for this task; when it is a root, for none of its children either. */
  close(taskId: string): Promise<void>
  /** It spends again. */
  reopen(taskId: string): Promise<void>
}
