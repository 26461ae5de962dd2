import type { Invocation } from './function-settings.ts'
import type { Sandbox } from './sandbox/sandbox-pool.ts'
import type { Manner } from './suspicion.ts'

/** An invocation that has not been answered. */
export type Pending = {
  sandbox?: Sandbox
  payload: string
  /** Identifies the call across restarts of the local cloud; undefined if the caller does not repeat it after a restart. */
  key: string | undefined
  manner: Manner
  /** How often it lost its sandbox through the fault of other invocations. */
  lost: number
  deadline: number
  answer: (outcome: Invocation) => void
  timer: NodeJS.Timeout | undefined
}
