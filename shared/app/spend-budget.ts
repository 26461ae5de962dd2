/**
 * A task's budget, spent by reservation: before an agent runs, the most that it can cost is set aside; afterwards what it has cost is
 * spent, and the rest given back. A child's task draws slices of its parent's budget as it needs them.
 *
 * Invariants (tests cite them):
 * U1 what is spent and what is reserved are never more than the budget, however many reserve at once
 * U2 a reservation whose attempt has died counts as spent (nobody knows what it did), and is settled by whoever takes the step over,
 *    or when the task ends: then nothing is left reserved, and nobody can reserve any more
 * U3 the same attempt reserves once, and settles once, however often it says so
 * U4 what a child has not spent of its slice is its parent's again when the child has ended; a child that goes on has a new slice
 * U5 who finds too little left while attempts hold more than they may need, waits for them; those end, or are settled (U2), for nobody
 *    waits who holds something
 */
import { type Amount, addAmounts, isNothing, lessAmount, NOTHING, usdOf } from '../domain/budget.ts'
import { OrchestratorError } from '../domain/errors.ts'
import type { Budgets, KeptBudget, Reservation } from '../ports/index.ts'
import { superseded } from './settle-failure.ts'

/** The fence of an attempt, which sorts as the attempts come, holds its reservation. */
type Holder = { taskId: string; path: string; holder: string }

/** Of writes that others came before: each time somebody has got on. */
const MOST_TRIES = 100

/**
 * Sets an amount aside for an attempt; `why` says where the amount comes from, when the agent has not said it. Throws BudgetExceededError
 * when it is not there, AgentBusyError when it may be soon (U5).
 */
export async function reserveBudget(
  budgets: Budgets,
  { taskId, path, holder }: Holder,
  amount: Amount,
  why?: string,
): Promise<Reservation> {
  const reservation = { ...amount, holder, isChild: false }
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    if (await budgets.reserve(taskId, path, reservation)) return reservation
    const budget = await budgets.find(taskId)
    if (!budget) return reservation
    const before = budget.reserved.get(path)
    if (before?.holder === holder) return before
    if (before && before.holder > holder) throw superseded(path)
    if (budget.isClosed)
      throw new OrchestratorError(
        'TaskCancelledError',
        `task ${taskId} has ended: nothing is spent for it any more`,
      )
    if (before) await budgets.settle(taskId, path, before, before)
    else if (!(await drawSlice(budgets, taskId, budget, missing(budget, amount))))
      throw (await isHeldByOthers(budgets, budget))
        ? heldByOthers(path)
        : exceeded(taskId, path, amount, budget, why)
  }
  throw new OrchestratorError(
    'UnavailableError',
    `the budget of ${taskId} could not be reserved: others came before`,
  )
}

/**
 * What a step may find when everybody who holds something has ended: what is available, here and above, and what attempts hold. Only what
 * is limited.
 */
export async function stillToSpend(
  budgets: Budgets,
  taskId: string,
): Promise<{ usd?: number; tokens?: number }> {
  const budget = await budgets.find(taskId)
  if (!budget) return {}
  const held = [...budget.reserved.values()].filter(({ isChild }) => !isChild).reduce(addAmounts, NOTHING)
  const above = budget.parent ? await stillToSpend(budgets, budget.parent.taskId) : {}
  const { nanoUsd, tokens } = budget.available
  return {
    ...(nanoUsd === undefined ? {} : { usd: usdOf({ nanoUsd: nanoUsd + held.nanoUsd }) + (above.usd ?? 0) }),
    ...(tokens === undefined ? {} : { tokens: tokens + held.tokens + (above.tokens ?? 0) }),
  }
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

/** A child's task spends of its parent's budget from here on, for the first time or again. */
export async function openChildBudget(
  budgets: Budgets,
  parent: Omit<Holder, 'holder'>,
  child: string,
): Promise<void> {
  const budget = await budgets.find(parent.taskId)
  if (!budget) return
  const before = budget.reserved.get(parent.path)
  if (before && before.holder !== child) await settleReservation(budgets, parent.taskId, parent.path, before)
  // A close that was cut off is finished first (U4).
  if ((await budgets.find(child))?.isClosed) await closeBudget(budgets, child)
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

/**
 * Closes the budget of a task that has ended: whatever is still reserved counts as spent (U2), and its parent has back what it has not
 * spent (U4). Safe to repeat. Answers what the task has spent; undefined for one without a budget.
 */
export async function closeBudget(budgets: Budgets, taskId: string): Promise<Amount | undefined> {
  if (!(await budgets.find(taskId))) return undefined
  await budgets.close(taskId)
  // Nothing is reserved from here on.
  const budget = await budgets.find(taskId)
  if (!budget) return undefined
  for (const [path, reservation] of budget.reserved)
    await settleReservation(budgets, taskId, path, reservation)
  const { spent, accounted, parent } = (await budgets.find(taskId)) ?? budget
  if (parent) {
    await returnSlice(budgets, parent, taskId, lessAmount(spent, accounted))
    await budgets.account(taskId, spent)
  }
  return spent
}

/** Once: the slice is gone then. */
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
  throw new OrchestratorError('UnavailableError', `the slice of ${child} could not be given back; try again`)
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
  // What was taken for it before and did not arrive, because somebody has died on the way.
  if (await receiveSlice(budgets, taskId, parent)) return true
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    // Reserved above before it is available here (U1).
    if (await budgets.enlarge(parent.taskId, parent.path, taskId, more)) {
      await receiveSlice(budgets, taskId, parent)
      return true
    }
    const above = await budgets.find(parent.taskId)
    if (above?.isClosed || above?.reserved.get(parent.path)?.holder !== taskId) return false
    if (!(await drawSlice(budgets, parent.taskId, above, missing(above, more)))) return false
  }
  return false
}

/** Makes available what the slice has come to, once whoever does it; false where there was nothing new. */
async function receiveSlice(
  budgets: Budgets,
  taskId: string,
  parent: NonNullable<KeptBudget['parent']>,
): Promise<boolean> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const slice = (await budgets.find(parent.taskId))?.reserved.get(parent.path)
    const granted = (await budgets.find(taskId))?.granted
    if (!granted || slice?.holder !== taskId || isNothing(lessAmount(slice, granted))) return false
    const { nanoUsd, tokens } = slice
    if (nanoUsd < granted.nanoUsd || tokens < granted.tokens) return false
    if (await budgets.grant(taskId, granted, { nanoUsd, tokens })) return true
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

function exceeded(
  taskId: string,
  path: string,
  amount: Amount,
  budget: KeptBudget,
  why?: string,
): OrchestratorError {
  const { available, spent, reserved } = budget
  const held = [...reserved.values()].reduce(addAmounts, NOTHING)
  const lacksMoney = (available.nanoUsd ?? Number.POSITIVE_INFINITY) < amount.nanoUsd
  const [wanted, left, unit] = lacksMoney
    ? [usdOf(amount), usdOf({ nanoUsd: available.nanoUsd ?? 0 }), 'USD']
    : [amount.tokens, available.tokens ?? 0, 'tokens']
  const gone = lacksMoney ? usdOf(spent) : spent.tokens
  const set = lacksMoney ? usdOf(held) : held.tokens
  const message = `step "${path}" may cost ${wanted} ${unit}${why ? ` (${why})` : ''}, and ${left} ${unit} are left of the task's budget (${gone} spent, ${set} reserved by others); retry it with a larger budget`
  return new OrchestratorError('BudgetExceededError', message, { taskId, path })
}
