import type { Amount, Budget } from '../domain/budget.ts'

/** The part of a budget that is reserved for an attempt, whose fence is `holder`. `until` (in seconds) is the deadline of the attempt. */
export type Reservation = Amount & { holder: string; until: number }

/** A stored budget; `available` has only the parts that are limited. */
export type KeptBudget = {
  available: Partial<Amount>
  spent: Amount
  /** The limit when the budget was created or last raised. */
  total: Amount
  /** Reservations are refused. */
  isClosed: boolean
  /** Reservations by slot: one slot for each step of each task that shares the budget. */
  reserved: Map<string, Reservation>
}

/** Which budget a task spends from: its own, or that of the root task among its ancestors. */
export type Share = {
  root: string
  /** Set for the task of a child workflow. */
  parent?: string
  /** The task has ended: its reservations are refused. */
  isClosed: boolean
}

/** Budgets, and the tasks that share them. Every write is one conditional write of one item. */
export type Budgets = {
  /** Does nothing when the task already has a budget. */
  create(taskId: string, budget: Budget): Promise<void>
  /** Lets a child task spend from the budget of `root`. Idempotent. */
  share(child: string, of: { root: string; parent: string }): Promise<void>
  findShare(taskId: string): Promise<Share | undefined>
  /** The root of a task's share, which never changes, so that each worker caches it. Undefined for a task without a budget. */
  rootOf(taskId: string): Promise<string | undefined>
  /** The budget of a root task. */
  find(root: string): Promise<KeptBudget | undefined>
  /** `refused`: not enough is available, the slot is taken, or the budget is closed; `full`: the item holds no more reservations. */
  reserve(root: string, slot: string, reservation: Reservation): Promise<'reserved' | 'refused' | 'full'>
  /**
   * Ends exactly this reservation: `spent` is deducted, the rest becomes available again. Spending beyond the reservation is deducted as
   * well, so that the available amount may become negative. False when this reservation does not exist any more.
   */
  settle(root: string, slot: string, reservation: Reservation, spent: Amount): Promise<boolean>
  /**
   * Enlarges exactly this reservation by what a running attempt is about to spend. `refused`: not enough is available, this reservation does
   * not exist any more, or the budget is closed.
   */
  enlarge(root: string, slot: string, reservation: Reservation, more: Amount): Promise<'enlarged' | 'refused'>
  /**
   * Takes back what `enlarge` has added to exactly this reservation: `spent` is deducted, the rest becomes available again, as `settle` does
   * it. False when this reservation does not exist any more.
   */
  shrink(
    root: string,
    slot: string,
    reservation: Reservation,
    part: { less: Amount; spent: Amount },
  ): Promise<boolean>
  /** Raises the total by compare-and-set; false when the total is not `from` any more. */
  raise(root: string, from: Amount, to: Amount): Promise<boolean>
  /** Refuses further reservations of this task and, for a root, of all its children. */
  close(taskId: string): Promise<void>
  /** Takes `close` back. */
  reopen(taskId: string): Promise<void>
}
