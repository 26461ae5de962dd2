import type { StoredLink } from '../domain/link.ts'

type Ref = Pick<StoredLink, 'taskId' | 'id'>

/** Links to tasks for people without an account. Each method is strongly consistent, and each write is one conditional write. */
export type Links = {
  addLink(link: StoredLink): Promise<void>
  findLink(link: Ref): Promise<StoredLink | undefined>
  /** All of a task, in the order of their making. */
  listLinks(taskId: string): Promise<StoredLink[]>
  /**
   * Notes the one use of a link; true also for a repeat of the same use, by its digest. False for one that is gone, was revoked, has expired by then, or
   * was used otherwise.
   */
  useLink(link: Ref, use: { at: string; digest: string }): Promise<boolean>
  /** False for one that is gone or was used. Revoking twice changes nothing. */
  revokeLink(link: Ref, at: string): Promise<boolean>
}
