import { type Answers, evaluateInOrder } from './evaluate-in-order.ts'
import { evaluateText } from './evaluate-text.ts'

/** `names` is the JSON of an object with the variables that the text mentions. */
export type Asked = { text: string; names: string }
/**
 * Evaluates expressions in order until one fails. Rejects with UnavailableError when no evaluator is available now.
 */
export type Evaluator = (asked: readonly Asked[]) => Promise<Answers>

const WALL_MILLISECONDS = 2_000

/** Evaluates in the same process, for tests, tools and browsers, without limits on memory or regular expressions. */
export const evaluateHere: Evaluator = (asked) =>
  evaluateInOrder(asked, (one) => evaluateText({ ...one, random: randomText() }, WALL_MILLISECONDS))

let current = evaluateHere

/**
 * Sets the evaluator of the process; called once by the entry point of a function. It is a setting and not an argument, so that no caller
 * can leave it out (docs/adr/0022).
 */
export function useEvaluator(evaluator: Evaluator): void {
  current = evaluator
}

export const evaluate: Evaluator = (asked) => current(asked)

export function randomText(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
