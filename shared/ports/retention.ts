import type { EndedTask } from '../domain/task.ts'

/** A pass over all tasks that have ended, by which they expire as the stage says now. */
export type RetentionPass = {
  /** For how many days it keeps them; for good where absent. */
  days?: number
  /** Where it goes on. */
  cursor?: string
  done: boolean
  /** How many tasks have got another expiry. */
  changed: number
  /** Counts its writes, for optimistic locking. */
  revision: number
}

/** An ended task that is nobody's child, and whether it expires already, by whatever the stage has said before. */
export type Expiring = { task: EndedTask; expiresAt?: number }

/** For how long ended tasks are kept, for those that ended before the stage has said so. */
export type Retention = {
  /** As the stage says; undefined: for good. */
  days: number | undefined
  findPass(): Promise<RetentionPass | undefined>
  /** Replaces the pass by a conditional write; false when it was written since that revision. */
  savePass(pass: RetentionPass): Promise<boolean>
  /** A page of a pass over the whole table; it may have few tasks, even none, and go on. */
  listEnded(cursor?: string): Promise<{ tasks: Expiring[]; cursor?: string }>
  /** Has a task, its children and what they hold expire as the stage says. False where they do already. */
  applyTo(task: Expiring): Promise<boolean>
}
