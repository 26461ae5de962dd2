import type { DeletedTask } from '../domain/deleted-task.ts'
import type { EndedTask } from '../domain/task.ts'

/** Tells whether no further work is to be begun. */
export type IsTimeUp = () => boolean

/** Tasks that are deleted: marked first, after which no route finds them, and removed afterwards. */
export type Deletions = {
  /**
   * Puts a mark in the place of an ended task's record, at a time (ISO 8601). False where the task is open, has had another execution since, or is
   * deleted already.
   */
  markDeleted(task: EndedTask, at: string): Promise<boolean>
  /** Marked tasks that are due before a time, those due first: at most `limit`. Eventually consistent. */
  listDeleted(query: { dueBefore: string; limit: number }): Promise<DeletedTask[]>
  /** Whether any task of a tenant is marked whose data is not removed for good. Eventually consistent. */
  hasDeleted(tenant: string): Promise<boolean>
  /** Removes everything of a marked task but its mark; repeated, it goes on. False where the time was up before the end. */
  eraseTask(task: DeletedTask, isTimeUp: IsTimeUp): Promise<boolean>
  /** Notes that a pass has ended: the task is due again, in another pass. */
  passOn(task: DeletedTask, next: Pick<DeletedTask, 'pass' | 'due'>): Promise<void>
  /** Notes that nothing is left: the mark says the id alone from now on, until `until` (ISO 8601). */
  closeMark(task: DeletedTask, until: string): Promise<void>
}
