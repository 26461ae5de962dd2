import type { Woken } from '../domain/suspension.ts'

/** A step that may be suspended: the run key of its task (`runKey`) and its instance path. */
type Place = { runKey: string; path: string }

/**
 * The answer to a wake: it was the first for this suspension, or another one was. `token` is that of the state that waits; there is none
 * before the state has begun to wait.
 */
export type Wake =
  | { kind: 'woken'; token: string | undefined }
  /** `woken`: what has woken the step, which may be a later suspension of it. */
  | { kind: 'already'; woken: Woken; token: string | undefined }

/** Suspensions of steps: one item for each step, with its latest wake, and the token of the state that waits, which the state writes itself. Strongly consistent. */
export type Suspensions = {
  /** Wakes a suspension, unless it or a later one of the step was woken before: one conditional write, so that the first wins. */
  wake(place: Place, woken: Woken): Promise<Wake>
  /** The latest wake of a step, and when an outside job has last said that it lives. */
  findWoken(place: Place): Promise<{ woken?: Woken; heardAt?: string; token?: string }>
  /** The tokens of the steps of an execution that were woken since a time (ISO 8601) by then, where their states had begun to wait. */
  listWoken(runKey: string, woken: { since: string; by: string }): Promise<string[]>
  /** Notes that an outside job lives; undefined where the suspension or a later one of the step was woken before. */
  hear(place: Place, n: number, at: string): Promise<{ token: string | undefined } | undefined>
}
