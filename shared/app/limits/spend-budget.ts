/**
 * A task's budget, spent by reservation: before an agent runs, the most that it can cost is set aside; afterwards what it has cost is
 * spent, and the rest given back. Children, and theirs, have no budgets of their own: their attempts reserve of their root's.
 *
 * Invariants (tests cite them):
 * budget/U1 what is spent and what is reserved are never more than the budget, however many attempts of however many tasks reserve at once
 * budget/U2 a reservation whose attempt has died counts as spent (nobody knows what it did): it is settled by whoever takes the step over, and
 *    where nobody does, it counts as spent from its time on
 * budget/U3 the same attempt reserves once, and settles once, however often it says so
 * budget/U4 what an attempt gives back is at once everybody's: its own task's, its parents', their other children's. A task that has ended
 *    reserves nothing, though its root goes on; what its attempts still hold they give back when they end
 * budget/U5 an attempt that finds too little left waits where it would fit once others have given back what they hold, and is refused where it
 *    would not. Those others end, or their time does, for an attempt that waits holds nothing
 * budget/U6 a refusal tells whose budget it is, its limit, and what is spent of it, held, left and asked
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

/** The fence of an attempt, which sorts as the attempts come, holds its reservation. */
type Holder = { taskId: string; path: string; holder: string }

/** `left`: with what others hold; of `budget` something may be available only later. */
export type Purse = { budget: KeptBudget; left: { usd?: number; tokens?: number }; advice: string }

/** Of writes that others came before: each time somebody has got on. */
const MOST_TRIES = 100

/**
 * Sets an amount aside for an attempt that ends by `until` (in seconds); `why` says where the amount comes from, when the agent has not
 * said it. Throws BudgetExceededError when it is not there, AgentBusyError when it may be soon (budget/U5), TaskCancelledError when the task has ended.
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
 * What a step may find when everybody who holds something has ended, only of what is limited; `advice` says of which budget, and what helps
 * where that is too little. Undefined for a task without a budget.
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

/** Ends a reservation; what was not spent is available again. */
export async function settleBudget(
  budgets: Budgets,
  { taskId, path }: Pick<Holder, 'taskId' | 'path'>,
  reservation: Reservation,
  spent: Amount,
): Promise<void> {
  const root = await budgets.rootOf(taskId)
  if (root !== undefined) await budgets.settle(root, slotOf(root, taskId, path), reservation, spent)
}

/** What an attempt that is no more has reserved for a step, for whoever takes the step over (budget/U2). */
export async function settleDead(budgets: Budgets, { taskId, path, holder }: Holder): Promise<void> {
  const root = await budgets.rootOf(taskId)
  if (root === undefined) return
  const slot = slotOf(root, taskId, path)
  const reservation = (await budgets.find(root))?.reserved.get(slot)
  if (reservation && reservation.holder < holder) await budgets.settle(root, slot, reservation, reservation)
}

/** A child's task spends of the budget of its root from here on. Safe to repeat: one that has ended stays so. */
export async function openChildBudget(budgets: Budgets, parent: string, child: string): Promise<void> {
  const root = await budgets.rootOf(parent)
  if (root !== undefined) await budgets.share(child, { root, parent })
}

/** A child's task goes on, and spends again. */
export async function reopenChildBudget(budgets: Budgets, parent: string, child: string): Promise<void> {
  await openChildBudget(budgets, parent, child)
  await budgets.reopen(child)
}

/** A task that goes on has so much in all: what it was given, or more; and can spend of it again. */
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

/** What is held at a time in seconds, and what is held beyond its time. */
export function heldOf({ reserved }: KeptBudget, now: number): { held: Amount; overdue: Amount } {
  const all = [...reserved.values()]
  const sum = (some: Reservation[]): Amount => some.reduce<Amount>(addAmounts, NOTHING)
  return {
    held: sum(all.filter(({ until }) => until > now)),
    overdue: sum(all.filter(({ until }) => until <= now)),
  }
}

/** What is held beyond its time counts as spent (budget/U2). */
export function spentAndHeld(budget: KeptBudget, now: number): { spent: Amount; held: Amount } {
  const { held, overdue } = heldOf(budget, now)
  return { spent: addAmounts(budget.spent, overdue), held }
}

/** One for each step of each task that spends of a root's budget; no id of a task and no path has a space in it. */
const slotOf = (root: string, taskId: string, path: string): string =>
  taskId === root ? path : `${taskId} ${path}`

/**
 * A child's close and the reservation are writes of two items. A close that came before the reservation is seen here; before one that
 * came after it the attempt had begun (budget/U4).
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
    // Nothing has begun: whatever went wrong, what is reserved goes back.
    await budgets.settle(root, slot, reservation, NOTHING).catch(() => false)
    throw error
  }
  return reservation
}

/** What is held beyond its time, so that it is kept no longer than anybody needs to know of it. */
async function settleOverdue(budgets: Budgets, root: string, { reserved }: KeptBudget, now: number) {
  for (const [slot, reservation] of reserved)
    if (reservation.until <= now) await budgets.settle(root, slot, reservation, reservation)
}

/** What would be available if all that is held were given back. */
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

function refusal({ root, path, budget, amount, now, why }: Refused): OrchestratorError {
  const { available } = budget
  // Where something will not come back, that is the reason; else what others hold now.
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

const hasEnded = (taskId: string): OrchestratorError =>
  new OrchestratorError('TaskCancelledError', `task ${taskId} has ended: nothing is spent for it any more`)
