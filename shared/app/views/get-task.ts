import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { Task } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'

export type TaskRef = { id: string }

/** Throws NotFoundError, also for a task of another tenant. */
export async function getTask(
  { tasks }: Pick<Ports, 'tasks'>,
  id: string,
  { tenant }: Pick<Caller, 'tenant'>,
): Promise<Task> {
  const task = await tasks.findTask(id)
  if (task && task.tenant === tenant) return task
  throw new OrchestratorError('NotFoundError', `there is no task ${id}`, { taskId: id })
}
