/**
 * A task's budget as callers see it.
 *
 * Invariants (tests cite them):
 * budget-view/V1 spent, reserved and unknown together are the part of the budget that is not available
 * budget-view/V2 an expired reservation counts against the budget and is shown as unknown: the agent was stopped or has crashed, and has
 *    not reported what it spent
 */
import type { TaskView } from '../../contracts/views.ts'
import { type Budget, usdOf } from '../../domain/budget.ts'
import type { Task } from '../../domain/task.ts'
import type { KeptBudget, Ports } from '../../ports/index.ts'
import { heldOf } from './spend-budget.ts'

/** The budget that the task spends from, for a child that of its root. Undefined when there is none. */
export async function viewBudget(
  { budgets, clock }: Pick<Ports, 'budgets' | 'clock'>,
  { id, budget: limits = {} }: Pick<Task, 'id' | 'budget'>,
): Promise<TaskView['budget']> {
  const root = await budgets.rootOf(id)
  const budget = root === undefined ? undefined : await budgets.find(root)
  if (root === undefined || !budget) return undefined
  const { spent } = budget
  const { held, overdue } = heldOf(budget, clock.now().getTime() / 1_000)
  return {
    ...(root === id ? limits : { taskId: root, ...limitsOf(budget) }),
    spentUsd: usdOf(spent),
    reservedUsd: usdOf(held),
    ...(overdue.nanoUsd > 0 ? { unknownUsd: usdOf(overdue) } : {}),
    spentTokens: spent.tokens,
    reservedTokens: held.tokens,
    ...(overdue.tokens > 0 ? { unknownTokens: overdue.tokens } : {}),
  }
}

const limitsOf = ({ available, total }: KeptBudget): Budget => ({
  ...(available.nanoUsd === undefined ? {} : { usd: usdOf(total) }),
  ...(available.tokens === undefined ? {} : { tokens: total.tokens }),
})
