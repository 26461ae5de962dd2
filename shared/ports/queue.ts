/** A waiting task; the entry with the smallest `rank` (as text) starts first. */
export type QueueEntry = { taskId: string; rank: string }

/** Queues of tasks, by tenant, that wait because the tenant's concurrency limit is reached. */
export type Queue = {
  /** How many tasks of a tenant run concurrently; undefined when unlimited, so that no task of it waits. */
  mostOf(tenant: string): number | undefined
  /** Idempotent. */
  add(tenant: string, entry: QueueEntry): Promise<void>
  remove(tenant: string, entry: QueueEntry): Promise<void>
  first(tenant: string): Promise<QueueEntry | undefined>
  /** How many entries are ahead of this one. */
  countBefore(tenant: string, entry: QueueEntry): Promise<number>
}
