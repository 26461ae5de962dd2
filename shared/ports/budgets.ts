import type { Amount, Budget } from '../domain/budget.ts'

/** Part of a budget that is held for one step: for an attempt (its fence), or for a child's task (its id). */
export type Reservation = Amount & { holder: string; isChild: boolean }

/** `available` names only what is limited. */
export type KeptBudget = {
  available: Partial<Amount>
  spent: Amount
  /** What there was in all; of a child's nothing. */
  total: Amount
  /** Nothing can be reserved of it. */
  isClosed: boolean
  /** Of a child: what its slice had come to when it was last granted, and how much its parent has been told of what is spent. */
  granted: Amount
  accounted: Amount
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
  /** False when so much is not available, the path has a reservation, or the budget is closed. */
  reserve(taskId: string, path: string, reservation: Reservation): Promise<boolean>
  /** Adds to a reservation of that holder; false when so much is not available, it is not there, or the budget is closed. */
  enlarge(taskId: string, path: string, holder: string, more: Amount): Promise<boolean>
  /**
   * Ends exactly this reservation: `spent` is spent, the rest available again. What was spent beyond it is taken as well, so that what is
   * available may fall below nothing. False when it is not (or not as such) there.
   */
  settle(taskId: string, path: string, reservation: Reservation, spent: Amount): Promise<boolean>
  /** From one total to a larger one; false when it is not (any more) the first. */
  raise(taskId: string, from: Amount, to: Amount): Promise<boolean>
  /** Of a child: what its slice has come to, from what it was when it was last granted; false when that is otherwise by now. */
  grant(taskId: string, from: Amount, to: Amount): Promise<boolean>
  /** Nothing more is reserved of it. */
  close(taskId: string): Promise<void>
  /** Of a closed one of a child: its parent knows what was spent, and has the rest back. */
  account(taskId: string, spent: Amount): Promise<void>
  /** It is spent from again. */
  reopen(taskId: string): Promise<void>
}
