/**
 * The reservation of one running attempt, which grows by the most that each call of a model can cost and shrinks when the call has ended, so
 * that an attempt cannot overspend a budget between its begin and its end either.
 *
 * Invariants (tests cite them):
 * call-budget/U7 a call begins only if the most that it can cost is held: within what its agent has declared and the attempt has reserved, or
 *    by enlarging the reservation. What is spent and held together never exceeds the budget (budget/U1), whatever dies in between
 * call-budget/U8 what a call has cost is deducted once: when it ends, or with the attempt's reservation when the attempt ends or dies
 *    before. The rest is available at once
 * call-budget/U9 changes of one reservation follow one another, also where an agent makes several calls at once; each names the reservation as
 *    it was, so that a write that is sent twice, because its answer was lost, changes it once
 */
import { type Amount, addAmounts, isNothing, lessAmount, NOTHING } from '../../domain/budget.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { superseded } from '../../domain/superseded.ts'
import type { Budgets, KeptBudget, Ownership, Ports, Reservation } from '../../ports/index.ts'
import { hasEnded, isShort, refusal, settleBudget, settleOverdue, slotOf } from './spend-budget.ts'

type Needs = Pick<Ports, 'budgets' | 'clock'>

/** Ends the hold of one call with what the call has cost. */
export type EndHold = (spent: Amount) => Promise<void>

/** What an attempt holds of its task's budget. */
export type CallBudget = {
  /**
   * Holds the most that a call can cost; `why` explains it in a refusal. Throws BudgetExceededError when it does not fit, AgentBusyError when it may fit soon
   * (budget/U5), StepSupersededError when a later attempt has taken over.
   */
  hold(most: Amount, why: string): Promise<EndHold>
  /** Ends the attempt, which has spent that much in all; calls that still run are part of it. */
  end(spent: Amount): Promise<void>
}

/** `covered`: the parts for which the attempt has reserved all that its calls may cost, because its agent has declared a most. */
export function callBudget(
  { budgets, clock }: Needs,
  own: Ownership,
  reservation: Reservation,
  covered: readonly (keyof Amount)[],
): CallBudget {
  let held = reservation
  let settled = NOTHING
  let isOver = false
  let last: Promise<unknown> = Promise.resolve()
  /** call-budget/U9 */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }
  const uncovered = (amount: Amount): Amount => ({
    nanoUsd: covered.includes('nanoUsd') ? 0 : amount.nanoUsd,
    tokens: covered.includes('tokens') ? 0 : amount.tokens,
  })

  return {
    async hold(most, why) {
      const more = uncovered(most)
      if (isNothing(more)) return async () => {}
      await inTurn(async () => {
        if (isOver) throw superseded(own.path)
        held = await enlarge({ budgets, clock }, own, held, { more, why })
      })
      return (spent) =>
        inTurn(async () => {
          if (isOver) return
          const part = { less: more, spent: uncovered(spent) }
          const shrunk = await shrink(budgets, own, held, part)
          // A later attempt has taken over, and has counted all that this one held as spent (budget/U2).
          if (!shrunk) throw superseded(own.path)
          held = shrunk
          settled = addAmounts(settled, part.spent)
        })
    },
    end: (spent) =>
      inTurn(async () => {
        isOver = true
        const left = lessAmount(spent, settled)
        const rest = { nanoUsd: Math.max(0, left.nanoUsd), tokens: Math.max(0, left.tokens) }
        await settleBudget(budgets, own, held, rest)
      }),
  }
}

/** Retries of a conditional write that lost against another writer; each loss means that the other made progress. */
const MOST_TRIES = 100

async function enlarge(
  { budgets, clock }: Needs,
  { taskId, path }: Ownership,
  reservation: Reservation,
  { more, why }: { more: Amount; why: string },
): Promise<Reservation> {
  const root = await budgets.rootOf(taskId)
  if (root === undefined) return reservation
  const slot = slotOf(root, taskId, path)
  const larger = { ...reservation, ...addAmounts(reservation, more) }
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    if ((await budgets.enlarge(root, slot, reservation, more)) === 'enlarged') return larger
    const budget = await budgets.find(root)
    if (!budget) return reservation
    // The write was made, and its answer lost (call-budget/U9).
    if (isHeld(budget, slot, larger)) return larger
    if (budget.isClosed) throw hasEnded(root)
    if (!isHeld(budget, slot, reservation)) throw superseded(path)
    if (!isShort(budget.available, more)) continue
    const now = clock.now().getTime() / 1_000
    await settleOverdue(budgets, root, budget, now)
    throw refusal({ root, path, budget, amount: more, now, why })
  }
  throw new OrchestratorError(
    'UnavailableError',
    `the budget of ${root} could not be reserved: others came before`,
  )
}

/** The reservation afterwards; undefined when it does not exist any more. */
async function shrink(
  budgets: Budgets,
  { taskId, path }: Ownership,
  reservation: Reservation,
  part: { less: Amount; spent: Amount },
): Promise<Reservation | undefined> {
  const root = await budgets.rootOf(taskId)
  if (root === undefined) return reservation
  const slot = slotOf(root, taskId, path)
  const smaller = { ...reservation, ...lessAmount(reservation, part.less) }
  if (await budgets.shrink(root, slot, reservation, part)) return smaller
  const budget = await budgets.find(root)
  return budget && isHeld(budget, slot, smaller) ? smaller : undefined
}

function isHeld({ reserved }: KeptBudget, slot: string, { holder, nanoUsd, tokens }: Reservation): boolean {
  const found = reserved.get(slot)
  return found?.holder === holder && found.nanoUsd === nanoUsd && found.tokens === tokens
}
