/** A step that waits: for a person (an approval), for time, for a message, or because its agent has suspended. */
export type Wait = {
  taskId: string
  path: string
  tenant: string
  /** The number of the task's execution that the step waits in. */
  execution: number
  kind: 'approval' | 'time' | 'message' | 'suspended'
  since: string
  /** When the wait is over; the approval expires then. */
  until: string
}

/** Which steps wait now. Adding and removing is idempotent. */
export type Waits = {
  addWait(wait: Wait): Promise<void>
  /** With `since`, removes only a wait that began at that time, because the step may already wait again. */
  removeWait(wait: Pick<Wait, 'taskId' | 'path'> & { since?: string }): Promise<void>
  /** Whether any step of the task waits; strongly consistent. */
  hasWaits(taskId: string): Promise<boolean>
  /** Paths of the steps that wait inside an item of a fan-out (`each[3]`) or in the rounds of a loop (`improve`), however deep; strongly consistent. */
  findWaitsInside(taskId: string, path: string): Promise<string[]>
  /** Removes the waits of an execution of a task, and of the executions before it; those of a later one stay. */
  clearWaits(taskId: string, execution: number): Promise<void>
  /** Open approvals of a tenant by expiry; may include approvals whose task has ended without removing them. */
  listApprovals(query: { tenant: string; limit: number; cursor?: string }): Promise<{
    waits: Wait[]
    cursor?: string | undefined
  }>
}
