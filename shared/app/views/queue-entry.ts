import type { Task } from '../../domain/task.ts'
import type { QueueEntry } from '../../ports/index.ts'

/** One step of priority is worth this much waiting time (aging). */
const AGEING_SECONDS = 600
const DEFAULT_PRIORITY = 5
const RANK_DIGITS = 15

/** Ranks by arrival (for a retried task, the retry), moved forward by its priority. */
export function entryOf({ id, createdAt, retries, priority = DEFAULT_PRIORITY }: Task): QueueEntry {
  const came = Date.parse(retries?.at(-1)?.at ?? createdAt)
  const rank = String(came - priority * AGEING_SECONDS * 1_000).padStart(RANK_DIGITS, '0')
  return { taskId: id, rank }
}
