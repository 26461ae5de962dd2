import type { Json } from '../domain/json.ts'
import type { AwaitedMessage } from '../domain/suspension.ts'

/** Where an outside job answers: `POST` to `url` with `{output}` or `{error: {name, message}}`; `POST` to `url + '/heartbeat'` while it works. No other credential. */
export type Callback = {
  /** The address, with the token in it. */
  readonly url: string
  /** The token alone, a secret. */
  readonly token: string
}

/**
 * Until when a step is suspended: for so many seconds; until a time; until an outside job answers by the callback, or has been silent for
 * `heartbeatSeconds`; until a message comes. Every wait for something is over after `timeoutSeconds`: at most a year.
 */
export type Until =
  | { readonly seconds: number }
  | { readonly at: Date | string }
  | { readonly callback: Callback; readonly timeoutSeconds: number; readonly heartbeatSeconds?: number }
  | { readonly message: AwaitedMessage; readonly timeoutSeconds: number }

/** What an agent says when it ends its turn: until when, and what it wants to be given again. */
export type SuspendOptions = { readonly until: Until; readonly state?: Json }

/** Why an agent is called again. `time` ends a wait for a time, `timeout` one for something that has not happened. */
export type ResumedBy =
  | { readonly kind: 'callback'; readonly output: Json; readonly error?: undefined }
  | {
      readonly kind: 'callback'
      readonly error: { readonly name: string; readonly message: string }
      readonly output?: undefined
    }
  | { readonly kind: 'message'; readonly message: Json }
  | { readonly kind: 'time' }
  | { readonly kind: 'timeout' }

/** The turn before, for an agent that is called again: its state (null where it has kept none), and what has ended the wait. */
export type Resumed = {
  readonly state: Json
  readonly by: ResumedBy
  /** The number of the suspension, from 1. */
  readonly n: number
  /** The version of the agent that has suspended: a later one may have to read an older state. */
  readonly version: string
}

const SUSPENSION = Symbol.for('orchestrator.suspension')

/** What `context.suspend` returns, and an agent answers in place of an output. */
export type Suspension = { readonly [SUSPENSION]: SuspendOptions }

export const suspension = (options: SuspendOptions): Suspension => ({ [SUSPENSION]: options })

/** What an answer asks for, where it is a suspension: also where it was made by another copy of this module. */
export function suspensionIn(answer: unknown): SuspendOptions | undefined {
  if (typeof answer !== 'object' || answer === null || !(SUSPENSION in answer)) return undefined
  return (answer as Suspension)[SUSPENSION]
}
