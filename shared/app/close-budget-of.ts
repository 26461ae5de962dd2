import { isOpenTask, type Task } from '../domain/task.ts'
import type { Ports } from '../ports/index.ts'
import { closeBudget } from './spend-budget.ts'

/** Closes the budget of a task that ends; should a retry have been faster, it is spent from again. */
export async function closeBudgetOf(
  { tasks, budgets }: Pick<Ports, 'tasks' | 'budgets'>,
  { id, budget, execution }: Task,
): Promise<void> {
  if (!budget) return
  await closeBudget(budgets, id)
  const now = await tasks.findTask(id)
  if (now && isOpenTask(now) && now.execution > execution) await budgets.reopen(id)
}
