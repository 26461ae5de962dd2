/** A task that waits; `rank` sorts as text, the first begins first. */
export type QueueEntry = { taskId: string; rank: string }

/** Tasks of a tenant that wait until others have ended. */
export type Queue = {
  /** How many tasks of a tenant run at once; undefined where that is not limited, and nobody waits. */
  readonly most: number | undefined
  /** The same entry again changes nothing. */
  add(tenant: string, entry: QueueEntry): Promise<void>
  remove(tenant: string, entry: QueueEntry): Promise<void>
  first(tenant: string): Promise<QueueEntry | undefined>
  /** How many stand before an entry. */
  countBefore(tenant: string, entry: QueueEntry): Promise<number>
}
