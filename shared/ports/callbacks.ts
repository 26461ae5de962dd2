import type { StoredCallback } from '../domain/callback.ts'

type Ref = Pick<StoredCallback, 'taskId' | 'execution' | 'id'>

/** Callbacks of suspended steps, in the partition of their execution. Strongly consistent. */
export type Callbacks = {
  /** Stores a callback in place of one that an earlier invocation of the step has made; false where a later one has. `fence`: of this invocation. */
  putCallback(callback: StoredCallback, fence: string): Promise<boolean>
  findCallback(callback: Ref): Promise<StoredCallback | undefined>
}
