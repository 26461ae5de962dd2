/**
 * The deletion of a task: its record gives way to a mark, in one conditional write, and from then on no route finds it and no write of a task applies to
 * it. What the tables and the bucket have of it is removed afterwards (`erase-deleted.ts`), for that may take longer than a request.
 *
 * Invariants (tests cite them):
 * deletion/D1 a task that is open is not deleted, and a child only with the task that has begun it
 * deletion/D2 where a process ends at any instant, the next run goes on: what is marked is removed, and what is not marked is whole
 * deletion/D3 nothing that an invocation writes after the deletion is ever shown, and all of it is removed
 * deletion/D4 what other tasks have of it stays: copies of reused outputs, forks. What is cached of it does not
 */
import type { DeletedTaskView } from '../../contracts/deletion-views.ts'
import type { Caller } from '../../domain/caller.ts'
import { LATE_WRITES_MINUTES } from '../../domain/deleted-task.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { type EndedTask, isOpenTask, type Task } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'
import { getTask, type TaskRef } from '../views/get-task.ts'

type Needs = Pick<Ports, 'tasks' | 'deletions' | 'clock'>

const MINUTE = 60_000

/** Throws NotFoundError, and ConflictError for a task that is open, and for the child of one that exists (deletion/D1). */
export const deleteTask =
  (ports: Needs) =>
  async ({ id }: TaskRef, caller: Caller): Promise<DeletedTaskView> => {
    const task = await getTask(ports, id, caller)
    const parent = task.parent && (await ports.tasks.findTask(task.parent.taskId))
    if (parent) throw conflict(task, `is a child of task ${parent.id}, and is deleted with that one`)
    requireEnded(task)
    const now = ports.clock.now()
    if (!(await ports.deletions.markDeleted(task, now.toISOString()))) {
      requireEnded(await getTask(ports, id, caller))
      throw conflict(task, 'was retried and has ended again meanwhile; try again')
    }
    const goneBy = new Date(now.getTime() + 2 * LATE_WRITES_MINUTES * MINUTE)
    return { taskId: id, deletedAt: now.toISOString(), goneBy: goneBy.toISOString() }
  }

function requireEnded(task: Task): asserts task is EndedTask {
  if (isOpenTask(task)) throw conflict(task, `is ${task.status}; cancel it first, or wait for its end`)
}

const conflict = ({ id, status }: Task, what: string): OrchestratorError =>
  new OrchestratorError('ConflictError', `task ${id} ${what}`, { taskId: id, status })
