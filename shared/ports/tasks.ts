import type { EndedTask, OpenTask, Task, TaskStatus } from '../domain/task.ts'

export type TaskPage = { tasks: Task[]; cursor?: string | undefined }

/** Tasks. Every write is one conditional write of one item. */
export type Tasks = {
  /** False when the task already exists; the first stays. */
  createTask(task: OpenTask): Promise<boolean>
  findTask(taskId: string): Promise<Task | undefined>
  /** A queued task runs from here on; false when it was not queued. */
  beginTask(task: OpenTask): Promise<boolean>
  /** False when the task has ended already, or another execution runs it now. */
  endTask(task: EndedTask): Promise<boolean>
  /**
   * Says of an ended task how long all that it has is kept. To be called when its end has been told, and again when its execution has
   * ended: steps may have begun until then. Changes nothing of a task that has been opened again.
   */
  settleTask(task: EndedTask): Promise<void>
  /** Puts an ended task's next execution in the place of one; false when that was not its last, or it is open. */
  reopenTask(task: OpenTask, before: number): Promise<boolean>
  listTasks(query: { tenant: string; status?: TaskStatus; limit: number; cursor?: string }): Promise<TaskPage>
  /** Open tasks of all tenants, oldest first, those created after `after` where it is given. */
  listOpenTasks(query: { createdBefore: string; after?: OpenTask; limit: number }): Promise<OpenTask[]>
}
