import { type Answers, evaluateInOrder } from './evaluate-in-order.ts'
import { evaluateText } from './evaluate-text.ts'

/** `names` is the JSON of an object that has what the text mentions. */
export type Asked = { text: string; names: string }
/**
 * Where expressions are evaluated: one after another, until one of them fails. Rejects with UnavailableError where that cannot
 * be had now.
 */
export type Evaluator = (asked: readonly Asked[]) => Promise<Answers>

const WALL_MILLISECONDS = 2_000

/** In this very process, for tests, tools and browsers: nothing here bounds the memory of an expression, nor a regular expression. */
export const evaluateHere: Evaluator = (asked) =>
  evaluateInOrder(asked, (one) => evaluateText({ ...one, random: randomText() }, WALL_MILLISECONDS))

let current = evaluateHere

/**
 * Called once, by the entry point of a function: all that it evaluates from then on is evaluated there. A setting of the process
 * and not an argument, so that no caller can leave it out (docs/adr/0022).
 */
export function useEvaluator(evaluator: Evaluator): void {
  current = evaluator
}

export const evaluate: Evaluator = (asked) => current(asked)

export function randomText(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
