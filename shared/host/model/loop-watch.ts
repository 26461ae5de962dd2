import { OrchestratorError } from '../../domain/errors.ts'
import { canonicalJson, type Json } from '../../domain/json.ts'
import { cut } from '../../domain/shown.ts'

/** A call that is made this often gets a hint; one more ends the loop. */
const HINT_AT = 3
const MOST_EMPTY = 3

export const SAME_AGAIN =
  'You have made exactly this call before, and its result has not brought you further. Do something else, or answer with what you know.'
export const EMPTY = 'Your answer was empty. Answer, or call a tool.'

/** Watches a loop for a model that repeats itself (tool-loop/L5). */
export type LoopWatch = {
  /** Whether the call is to be told that it was made before. Throws LoopDetectedError. */
  sees(name: string, input: Json): boolean
  /** Counts an empty answer. Throws LoopDetectedError. */
  seesNothing(): void
}

export function loopWatch(): LoopWatch {
  const calls = new Map<string, number>()
  let empty = 0
  return {
    sees(name, input) {
      const key = canonicalJson([name, input])
      const times = (calls.get(key) ?? 0) + 1
      calls.set(key, times)
      if (times <= HINT_AT) return times === HINT_AT
      throw loopDetected(`the model has called "${cut(name)}" ${times} times with the same input`)
    },
    seesNothing() {
      empty += 1
      if (empty >= MOST_EMPTY) throw loopDetected(`the model has answered nothing ${empty} times`)
    },
  }
}

/** Its step is told by who tells the error: of a task, a step, a log. */
export const loopDetected = (why: string): OrchestratorError =>
  new OrchestratorError(
    'LoopDetectedError',
    `${why}. Say in its prompt when it is to stop, give it a tool that brings it further, or another model`,
  )
