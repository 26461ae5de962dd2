import type { StateBoard, StateSnapshot, StateVersion } from '../domain/state/shared-state.ts'

/**
 * `committed`: the version is the newest of its key, or was; `raced`: another has this number; `full`: the task has as many keys as it may
 * have.
 */
export type StateCommit = 'committed' | 'raced' | 'full'

/** A step's write that is made once, whatever its attempts. */
export type StateWrite = { taskId: string; key: string; write: string }

/** The shared state of tasks. Every write is one conditional write of one item. */
export type SharedState = {
  /** The pointers to the newest versions, read in one piece. */
  findBoard(taskId: string): Promise<StateBoard>
  /** Versions of one task, in no order; those that do not exist are left out. */
  findVersions(
    taskId: string,
    wanted: readonly Pick<StateVersion, 'key' | 'version'>[],
  ): Promise<StateVersion[]>
  /** Makes the version after the newest one, if that is `version - 1`. */
  commitVersion(taskId: string, version: StateVersion): Promise<StateCommit>
  /** Notes that a write that is made once begins, at this version of its key; answers the version at which it first began. */
  beginWrite(write: StateWrite, version: number): Promise<number>
  /** False when there is one of this id. */
  addSnapshot(taskId: string, snapshot: StateSnapshot): Promise<boolean>
  findSnapshot(taskId: string, id: string): Promise<StateSnapshot | undefined>
}
