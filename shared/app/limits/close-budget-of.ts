import { isOpenTask, type Task } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'

/** Closes the budget of an ended task; reopens it when a retry of the task came in between. */
export async function closeBudgetOf(
  { tasks, budgets }: Pick<Ports, 'tasks' | 'budgets'>,
  { id, budget, execution }: Task,
): Promise<void> {
  if (!budget) return
  await budgets.close(id)
  const now = await tasks.findTask(id)
  if (now && isOpenTask(now) && now.execution > execution) await budgets.reopen(id)
}
