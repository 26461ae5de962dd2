/**
 * A task's budget, spent by reservation: before an agent runs, the most that it can cost is set aside; afterwards what it has cost is
 * spent, and the rest given back. A child's task draws slices of its parent's budget as it needs them.
 *
 * Invariants (tests cite them):
 * U1 what is spent and what is reserved are never more than the budget, however many reserve at once
 * U2 a reservation whose attempt has died counts as spent (nobody knows what it did), and is settled by whoever takes the step over,
 *    or when the task ends: then nothing is left reserved
 * U3 the same attempt reserves once, and settles once, however often it says so
 * U4 what a child has not spent of its slices is its parent's again when the child has ended
 * U5 who finds too little left while attempts hold more than they may need, waits for them; those end, or are settled (U2), for nobody
 *    waits who holds something
 */
import { type Amount, addAmounts, isNothing, NOTHING, usdOf } from '../domain/budget.ts'
import { OrchestratorError } from '../domain/errors.ts'
import type { Budgets, KeptBudget, Reservation } from '../ports/index.ts'
import { superseded } from './settle-failure.ts'

/** The fence of an attempt, which sorts as the attempts come, holds its reservation. */
type Holder = { taskId: string; path: string; holder: string }

/** Of writes that others came before: each time somebody has got on. */
const MOST_TRIES = 100

/** Sets an amount aside for an attempt. Throws BudgetExceededError when it is not there, AgentBusyError when it may be soon (U5). */
export async function reserveBudget(
  budgets: Budgets,
  { taskId, path, holder }: Holder,
  amount: Amount,
): Promise<Reservation> {
  const reservation = { ...amount, holder, isChild: false }
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    if (await budgets.reserve(taskId, path, reservation)) return reservation
    const budget = await budgets.find(taskId)
    if (!budget) return reservation
    const before = budget.reserved.get(path)
    if (before?.holder === holder) return before
    if (before && before.holder > holder) throw superseded(path)
    if (before) await budgets.settle(taskId, path, before, before)
    else if (!(await drawSlice(budgets, taskId, budget, missing(budget, amount))))
      throw (await isHeldByOthers(budgets, budget))
        ? heldByOthers(path)
        : exceeded(taskId, path, amount, budget)
  }
  throw new OrchestratorError(
    'UnavailableError',
    `the budget of ${taskId} could not be reserved: others came before`,
  )
}

/** Ends a reservation; what was not spent is available again. */
export async function settleBudget(
  budgets: Budgets,
  { taskId, path }: Pick<Holder, 'taskId' | 'path'>,
  reservation: Reservation,
  spent: Amount,
): Promise<void> {
  await budgets.settle(taskId, path, reservation, spent)
}

/** What an attempt that is no more has reserved for a step, for whoever takes the step over (U2). */
export async function settleDead(budgets: Budgets, { taskId, path, holder }: Holder): Promise<void> {
  const reservation = (await budgets.find(taskId))?.reserved.get(path)
  if (reservation && !reservation.isChild && reservation.holder < holder)
    await budgets.settle(taskId, path, reservation, reservation)
}

/** A child's task spends of its parent's budget from here on. */
export async function openChildBudget(
  budgets: Budgets,
  parent: Omit<Holder, 'holder'>,
  child: string,
): Promise<void> {
  const budget = await budgets.find(parent.taskId)
  if (!budget) return
  const before = budget.reserved.get(parent.path)
  if (before && before.holder !== child) await settleReservation(budgets, parent.taskId, parent.path, before)
  if (before?.holder !== child)
    await budgets.reserve(parent.taskId, parent.path, { ...NOTHING, holder: child, isChild: true })
  const { available } = budget
  await budgets.create(
    child,
    {
      ...(available.nanoUsd === undefined ? {} : { usd: 0 }),
      ...(available.tokens === undefined ? {} : { tokens: 0 }),
    },
    parent,
  )
}

/**
 * Settles whatever is still reserved of a task that has ended (U2), and gives back to its parent what it has not spent (U4). Answers what
 * the task has spent; undefined for one without a budget.
 */
export async function closeBudget(budgets: Budgets, taskId: string): Promise<Amount | undefined> {
  const budget = await budgets.find(taskId)
  if (!budget) return undefined
  for (const [path, reservation] of budget.reserved)
    await settleReservation(budgets, taskId, path, reservation)
  const closed = budget.reserved.size > 0 ? await budgets.find(taskId) : budget
  const spent = closed?.spent ?? NOTHING
  if (budget.parent) await returnSlice(budgets, budget.parent, taskId, spent)
  return spent
}

async function returnSlice(
  budgets: Budgets,
  { taskId, path }: { taskId: string; path: string },
  child: string,
  spent: Amount,
): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const slice = (await budgets.find(taskId))?.reserved.get(path)
    if (slice?.holder !== child) return
    if (await budgets.settle(taskId, path, slice, spent)) return
  }
}

/** What an attempt that has died had reserved is spent; of a child's slices what the child has spent. */
async function settleReservation(
  budgets: Budgets,
  taskId: string,
  path: string,
  reservation: Reservation,
): Promise<void> {
  if (reservation.isChild) await closeBudget(budgets, reservation.holder)
  else await budgets.settle(taskId, path, reservation, reservation)
}

/** From the parent's budget, and there from its parent's. False when nobody above has as much. */
async function drawSlice(
  budgets: Budgets,
  taskId: string,
  { parent }: KeptBudget,
  more: Amount,
): Promise<boolean> {
  if (!parent || isNothing(more)) return isNothing(more)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    // Reserved above before it is available here: should this be cut off in between, it is given back at the end (U1, U4).
    if (await budgets.enlarge(parent.taskId, parent.path, taskId, more)) {
      await budgets.grant(taskId, more)
      return true
    }
    const above = await budgets.find(parent.taskId)
    if (above?.reserved.get(parent.path)?.holder !== taskId) return false
    if (!(await drawSlice(budgets, parent.taskId, above, missing(above, more)))) return false
  }
  return false
}

/** How much of an amount is not available. */
function missing({ available }: KeptBudget, amount: Amount): Amount {
  const short = (name: keyof Amount): number =>
    Math.max(0, amount[name] - (available[name] ?? Number.POSITIVE_INFINITY))
  return { nanoUsd: short('nanoUsd'), tokens: short('tokens') }
}

/** Here or above; the slices of children are not waited for: they may wait for one another. */
async function isHeldByOthers(budgets: Budgets, { reserved, parent }: KeptBudget): Promise<boolean> {
  if ([...reserved.values()].some(({ isChild }) => !isChild)) return true
  const above = parent && (await budgets.find(parent.taskId))
  return above !== undefined && isHeldByOthers(budgets, above)
}

const heldByOthers = (path: string): OrchestratorError =>
  new OrchestratorError(
    'AgentBusyError',
    `step "${path}" waits for what others have reserved of the task's budget`,
  )

function exceeded(taskId: string, path: string, amount: Amount, budget: KeptBudget): OrchestratorError {
  const { available, spent, reserved } = budget
  const held = [...reserved.values()].reduce(addAmounts, NOTHING)
  const lacksMoney = (available.nanoUsd ?? Number.POSITIVE_INFINITY) < amount.nanoUsd
  const [wanted, left, unit] = lacksMoney
    ? [usdOf(amount), usdOf({ nanoUsd: available.nanoUsd ?? 0 }), 'USD']
    : [amount.tokens, available.tokens ?? 0, 'tokens']
  const gone = lacksMoney ? usdOf(spent) : spent.tokens
  const set = lacksMoney ? usdOf(held) : held.tokens
  const message = `step "${path}" may cost ${wanted} ${unit}, and ${left} ${unit} are left of the task's budget (${gone} spent, ${set} reserved by others); retry it with a larger budget`
  return new OrchestratorError('BudgetExceededError', message, { taskId, path })
}
