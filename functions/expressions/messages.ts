import type { Answers } from '../../shared/workflow/evaluate-in-order.ts'
import type { Evaluation } from '../../shared/workflow/evaluate-text.ts'

/** A batch of evaluations, run in order until one fails; and their results. */
export type ToIsolate = readonly Evaluation[]
export type FromIsolate = Answers

/** `realm`: the address (file:) of the script that the realm runs. `progress` counts evaluations that have ended. */
export type IsolateData = { realm: string; progress: Int32Array<SharedArrayBuffer> }
