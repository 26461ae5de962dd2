import type { EndedTask, OpenTask, Task, TaskStatus } from '../domain/task.ts'

/**
 * A page of tasks, newest first. `cursor` is the position to continue from; with a filter a page may have fewer tasks
 * than its limit, even none, although more pages follow.
 */
export type TaskPage = { tasks: Task[]; cursor?: string | undefined }

/** What a list is restricted to; all of it must hold. Times are ISO 8601 in UTC. */
export type TaskFilter = {
  status?: TaskStatus
  workflow?: string
  version?: number
  type?: string
  /** Created at this time or later. */
  from?: string
  /** Created before this time. */
  to?: string
  metadata?: readonly (readonly [name: string, value: string])[]
  /** The beginning of the task's id. */
  id?: string
  /** Children of this task; null for tasks that have no parent. */
  parent?: string | null
}

/** Task records. Every write is a single conditional write of one item (optimistic locking). */
export type Tasks = {
  /** False when the task already exists; the existing record stays. */
  createTask(task: OpenTask): Promise<boolean>
  /** Undefined also for a task that was deleted. */
  findTask(taskId: string): Promise<Task | undefined>
  /** Whether there was such a task, which is deleted; false again when its mark has expired. */
  isDeleted(taskId: string): Promise<boolean>
  /** Starts a queued task, with the status that it is given; false when it was not queued. */
  beginTask(task: OpenTask): Promise<boolean>
  /** Changes a running or planning task to waiting, or a waiting or planning one to running; false when it was not so, or another execution runs it now. */
  setWaiting(
    task: { id: string; tenant: string; execution: number },
    to: 'waiting' | 'running',
  ): Promise<boolean>
  /** Notes that somebody watches an open task; does nothing for one that has ended. */
  markWatched(taskId: string, until: string): Promise<void>
  /** False when the task has ended already, or another execution runs it now. */
  endTask(task: EndedTask): Promise<boolean>
  /**
   * Sets the expiry of an ended task's items. Called when the end has been recorded, and again when the execution has ended, because steps
   * may have started until then. Does nothing for a task that was reopened.
   */
  settleTask(task: EndedTask): Promise<void>
  /** Reopens an ended task with its next execution; false when `before` was not its last execution, or the task is open. */
  reopenTask(task: OpenTask, before: number): Promise<boolean>
  listTasks(query: TaskFilter & { tenant: string; limit: number; cursor?: string }): Promise<TaskPage>
  /** Open tasks of all tenants, oldest first; with `after`, those created after it. */
  listOpenTasks(query: { createdBefore: string; after?: OpenTask; limit: number }): Promise<OpenTask[]>
}
