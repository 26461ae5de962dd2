/**
 * A task's budget, spent by reservation: before an agent runs, the most that it can cost is reserved; afterwards the actual cost is
 * deducted and the rest released. Child tasks have no budgets of their own: their attempts reserve from their root's.
 *
 * Invariants (tests cite them):
 * budget/U1 spent and reserved amounts together never exceed the budget, however many attempts of however many tasks reserve concurrently
 * budget/U2 the reservation of a crashed attempt counts as spent, because its cost is unknown: the invocation that takes the step over
 *    settles it; without one, it counts as spent once it has expired
 * budget/U3 reserving and settling are idempotent for each attempt
 * budget/U4 a released amount is available at once to all tasks that share the budget. A task that has ended reserves nothing more, though
 *    its root goes on; its running attempts release their reservations when they end
 * budget/U5 an attempt waits if it would fit once all reservations are released, and is refused otherwise. This cannot deadlock: a waiting
 *    attempt holds no reservation, and every reservation is settled or expires
 * budget/U6 a refusal names the budget's task, its limit, and the amounts spent, reserved, left and requested
 */

import {
  type Amount,
  addAmounts,
  isNothing,
  lessAmount,
  NOTHING,
  partsOf,
  usdOf,
} from '../../domain/budget.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { superseded } from '../../domain/superseded.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Budgets, KeptBudget, Ports, Reservation } from '../../ports/index.ts'
import { describeBudget } from './describe-budget.ts'

type Needs = Pick<Ports, 'budgets' | 'clock'>

/** A reservation is held under the attempt's fence, which sorts in the order of the attempts. */
type Holder = { taskId: string; path: string; holder: string }

/** `left` includes reservations of other attempts, so part of it may become available only later. */
export type Purse = { budget: KeptBudget; left: { usd?: number; tokens?: number }; advice: string }

/** Retries of a conditional write that lost against another writer; each loss means that the other made progress. */
const MOST_TRIES = 100

/**
 * Reserves an amount for an attempt that ends by `until` (in seconds); `why` explains an amount that the agent has not declared. Throws
 * BudgetExceededError when it does not fit, AgentBusyError when it may fit soon (budget/U5), TaskCancelledError when the task has ended.
 */
export async function reserveBudget(
  { budgets, clock }: Needs,
  { taskId, path, holder, until }: Holder & { until: number },
  amount: Amount,
  why?: string,
): Promise<Reservation> {
  const { nanoUsd, tokens } = amount
  const reservation = { nanoUsd, tokens, holder, until }
  const root = await budgets.rootOf(taskId)
  if (root === undefined) return reservation
  const slot = slotOf(root, taskId, path)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const answer = await budgets.reserve(root, slot, reservation)
    if (answer === 'reserved') return unlessEnded(budgets, { root, taskId, slot }, reservation)
    const budget = await budgets.find(root)
    if (!budget) return reservation
    const before = budget.reserved.get(slot)
    if (before?.holder === holder) return unlessEnded(budgets, { root, taskId, slot }, before)
    if (before && before.holder > holder) throw superseded(path)
    if (budget.isClosed) throw hasEnded(root)
    if (before) {
      await budgets.settle(root, slot, before, before)
      continue
    }
    if (answer === 'refused' && !isShort(budget.available, amount)) continue
    const now = clock.now().getTime() / 1_000
    await settleOverdue(budgets, root, budget, now)
    if (answer === 'full') throw heldByOthers(path, root, 'no more can be held of it at once')
    throw refusal({ root, path, budget, amount, now, why })
  }
  throw new OrchestratorError(
    'UnavailableError',
    `the budget of ${root} could not be reserved: others came before`,
  )
}

/**
 * What a step could spend once all reservations are released, only the parts that are limited; `advice` names the budget and how to raise
 * it. Undefined for a task without a budget.
 */
export async function stillToSpend({ budgets, clock }: Needs, taskId: string): Promise<Purse | undefined> {
  const root = await budgets.rootOf(taskId)
  const budget = root === undefined ? undefined : await budgets.find(root)
  if (root === undefined || !budget) return undefined
  const now = clock.now().getTime() / 1_000
  const { nanoUsd, tokens } = withHeld(budget, now)
  const told = partsOf(budget.available).map((part) =>
    describeBudget(root, budget, spentAndHeld(budget, now), part),
  )
  return {
    budget,
    left: withoutUndefined({ usd: nanoUsd === undefined ? undefined : usdOf({ nanoUsd }), tokens }),
    advice: `this is ${told.join(' and ')}; ${retryWithMore(root)}`,
  }
}

/** Ends a reservation; the unspent rest becomes available again. */
export async function settleBudget(
  budgets: Budgets,
  { taskId, path }: Pick<Holder, 'taskId' | 'path'>,
  reservation: Reservation,
  spent: Amount,
): Promise<void> {
  const root = await budgets.rootOf(taskId)
  if (root !== undefined) await budgets.settle(root, slotOf(root, taskId, path), reservation, spent)
}

/** Settles the reservation of a crashed attempt, on behalf of the invocation that takes its step over (budget/U2). */
export async function settleDead(budgets: Budgets, { taskId, path, holder }: Holder): Promise<void> {
  const root = await budgets.rootOf(taskId)
  if (root === undefined) return
  const slot = slotOf(root, taskId, path)
  const reservation = (await budgets.find(root))?.reserved.get(slot)
  if (reservation && reservation.holder < holder) await budgets.settle(root, slot, reservation, reservation)
}

/** Lets a child's task spend from the budget of its root. Idempotent: a closed share stays closed. */
export async function openChildBudget(budgets: Budgets, parent: string, child: string): Promise<void> {
  const root = await budgets.rootOf(parent)
  if (root !== undefined) await budgets.share(child, { root, parent })
}

/** Lets a child's task that was resumed spend again. */
export async function reopenChildBudget(budgets: Budgets, parent: string, child: string): Promise<void> {
  await openChildBudget(budgets, parent, child)
  await budgets.reopen(child)
}

/** Reopens the budget of a resumed task with the given total, which is the former one or more. */
export async function reopenBudget(budgets: Budgets, taskId: string, to: Amount): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const total = (await budgets.find(taskId))?.total
    if (!total) return
    const larger = {
      nanoUsd: Math.max(total.nanoUsd, to.nanoUsd),
      tokens: Math.max(total.tokens, to.tokens),
    }
    if (isNothing(lessAmount(larger, total)) || (await budgets.raise(taskId, total, larger)))
      return budgets.reopen(taskId)
  }
  throw new OrchestratorError('UnavailableError', `the budget of ${taskId} could not be raised; try again`)
}

/** The amounts reserved at a time (in seconds): those within their lease, and those whose lease has expired. */
export function heldOf({ reserved }: KeptBudget, now: number): { held: Amount; overdue: Amount } {
  const all = [...reserved.values()]
  const sum = (some: Reservation[]): Amount => some.reduce<Amount>(addAmounts, NOTHING)
  return {
    held: sum(all.filter(({ until }) => until > now)),
    overdue: sum(all.filter(({ until }) => until <= now)),
  }
}

/** Expired reservations count as spent (budget/U2). */
export function spentAndHeld(budget: KeptBudget, now: number): { spent: Amount; held: Amount } {
  const { held, overdue } = heldOf(budget, now)
  return { spent: addAmounts(budget.spent, overdue), held }
}

/** The slot of a step in a root's budget; neither task ids nor paths contain spaces. */
export const slotOf = (root: string, taskId: string, path: string): string =>
  taskId === root ? path : `${taskId} ${path}`

/**
 * Closing a child's share and reserving are writes of two items. A close before the reservation is detected here; when the close came
 * later, the attempt had already started (budget/U4).
 */
async function unlessEnded(
  budgets: Budgets,
  { root, taskId, slot }: { root: string; taskId: string; slot: string },
  reservation: Reservation,
): Promise<Reservation> {
  try {
    for (let id: string | undefined = taskId; id !== undefined && id !== root; ) {
      const share = await budgets.findShare(id)
      if (share?.isClosed) throw hasEnded(id)
      id = share?.parent
    }
  } catch (error) {
    // The attempt has not started, so its reservation is released after any error.
    await budgets.settle(root, slot, reservation, NOTHING).catch(() => false)
    throw error
  }
  return reservation
}

/** Settles expired reservations, so that they do not fill the item. */
export async function settleOverdue(budgets: Budgets, root: string, { reserved }: KeptBudget, now: number) {
  for (const [slot, reservation] of reserved)
    if (reservation.until <= now) await budgets.settle(root, slot, reservation, reservation)
}

/** What would be available if all reservations were released. */
function withHeld(budget: KeptBudget, now: number): Partial<Amount> {
  const { held } = spentAndHeld(budget, now)
  return Object.fromEntries(
    partsOf(budget.available).map((name) => [name, (budget.available[name] ?? 0) + held[name]]),
  )
}

export const isShort = (available: Partial<Amount>, amount: Amount): boolean =>
  partsOf(available).some((name) => (available[name] ?? 0) < amount[name])

type Refused = {
  root: string
  path: string
  budget: KeptBudget
  amount: Amount
  now: number
  why: string | undefined
}

export function refusal({ root, path, budget, amount, now, why }: Refused): OrchestratorError {
  const { available } = budget
  // Names the part that is short for good; otherwise the part that other attempts hold now.
  const later = withHeld(budget, now)
  const lacking = isShort(later, amount) ? later : available
  const part = (lacking.nanoUsd ?? Number.POSITIVE_INFINITY) < amount.nanoUsd ? 'nanoUsd' : 'tokens'
  const [asked, left, unit] =
    part === 'nanoUsd'
      ? [usdOf(amount), usdOf({ nanoUsd: available.nanoUsd ?? 0 }), 'USD']
      : [amount.tokens, available.tokens ?? 0, 'tokens']
  const described = describeBudget(root, budget, spentAndHeld(budget, now), part)
  const wants = `may cost ${asked} ${unit}${why ? ` (${why})` : ''}, and ${left} ${unit} are left of ${described}`
  if (!isShort(later, amount)) return heldByOthers(path, root, `it ${wants}`)
  const message = `step "${path}" ${wants}; ${retryWithMore(root)}`
  return new OrchestratorError('BudgetExceededError', message, { taskId: root, path })
}

const retryWithMore = (root: string): string => `retry task ${root} with a larger budget`

const heldByOthers = (path: string, root: string, why: string): OrchestratorError =>
  new OrchestratorError(
    'AgentBusyError',
    `step "${path}" waits for what others have reserved of the budget of task ${root}: ${why}`,
  )

export const hasEnded = (taskId: string): OrchestratorError =>
  new OrchestratorError('TaskCancelledError', `task ${taskId} has ended: nothing is spent for it any more`)
