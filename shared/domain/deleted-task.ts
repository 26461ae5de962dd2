import * as z from 'zod'

/**
 * How long after a task is deleted something of it may still be written: no invocation that has begun before lives longer than 15 minutes. What was
 * written in that time is removed then.
 */
export const LATE_WRITES_MINUTES = 20

/** How long the id of a deleted task is kept, and nothing else of it: so long its Idempotency-Key is refused. */
export const MARK_DAYS = 30

/** What is kept of a deleted task until its data is removed for good: what it takes to find them. Nothing that a caller or an agent has said. */
export const DeletedTaskSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  /** How many executions it has had. */
  executions: z.number().int().min(1),
  stateMachineArn: z.string(),
  createdAt: z.string(),
  endedAt: z.string(),
  deletedAt: z.string(),
  /** `first` until its data has been removed; `late` until what was written meanwhile has been, too. */
  pass: z.enum(['first', 'late']),
  /** When the pass may begin (ISO 8601). */
  due: z.string(),
})
export type DeletedTask = z.output<typeof DeletedTaskSchema>
