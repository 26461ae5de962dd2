/**
 * One evaluation: texts in, a text out. No object crosses the boundary between caller and expression.
 *
 * Invariants (tests cite them):
 * evaluate/V1 a result is JSON, or an error that names the value that is not JSON (a function, NaN) and its place
 * evaluate/V2 an evaluation leaves no state behind that a later one can see
 * evaluate/V3 an error message has at most 2,000 characters
 */
import type jsonata from 'jsonata'
import { describeNotJson, notJsonIn } from '../domain/not-json.ts'
import { boundedExpression } from './bounded-jsonata.ts'
import { hash, MAX_LIST, parseData } from './expression-functions.ts'
import { sizeOfJson } from './json-size.ts'

/** `names` is the JSON of an object with the variables; `random` is hexadecimal text, the only source of randomness. */
export type Evaluation = { text: string; names: string; random: string }
/** `json` is undefined when the expression finds nothing. */
export type Evaluated = { json: string | undefined } | { error: string }

/** The longest result, in characters of JSON. */
export const MAX_RESULT = 16_000_000
const MAX_ERROR = 2_000

const known = new Map<string, { expression: jsonata.Expression; draw: { next: () => string } }>()
const MAX_KNOWN = 500

/** Never rejects. `wallMilliseconds` limits the evaluation, 0 means no limit; it must be the same for every call. */
export async function evaluateText(
  { text, names, random }: Evaluation,
  wallMilliseconds = 0,
): Promise<Evaluated> {
  try {
    const { expression, draw } = await expressionOf(text, wallMilliseconds)
    draw.next = drawFrom(random)
    const result: unknown = await expression.evaluate({}, parseData(names) as Record<string, unknown>)
    if (result === undefined) return { json: undefined }
    refuseWhatIsNoData(result)
    return { json: JSON.stringify(result) }
  } catch (error) {
    return { error: reasonOf(error).slice(0, MAX_ERROR) }
  }
}

/** Better messages for some of JSONata's errors, by code. */
const TOLD: Readonly<Record<string, string>> = {
  D1011: 'more than 60,000 evaluations are under way at once; is it a recursion without end?',
  D1012: 'it took more time than an expression may; is it a loop without end?',
  D2014: `a list of more than ${MAX_LIST} members; an expression makes none`,
  D2015: `a list of more than ${MAX_LIST} members; an expression makes none`,
}

/** JSONata throws plain objects as well as errors, and an expression can throw anything, so every member may be missing. */
export function reasonOf(error: unknown): string {
  try {
    return textOf(error)
  } catch {
    return 'it failed with an error that cannot be written as text'
  }
}

function textOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  if (Object.hasOwn(TOLD, code)) return String(TOLD[code])
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return String(error)
}

async function expressionOf(text: string, wallMilliseconds: number) {
  const found = known.get(text)
  if (found) return found
  const draw = { next: (): string => '' }
  const expression = await boundedExpression(text, () => draw.next(), wallMilliseconds)
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(text, { expression, draw })
  return { expression, draw }
}

/** A generator of 16 bytes at a time, none of which predicts the next, seeded by `random`. */
function drawFrom(random: string): () => string {
  let count = 0
  return () => {
    count += 1
    return hash(`${random} ${count}`).slice(0, 32)
  }
}

function refuseWhatIsNoData(result: unknown): void {
  if (sizeOfJson(result, MAX_RESULT) > MAX_RESULT) {
    throw new Error(`its value is larger than ${MAX_RESULT} characters of JSON`)
  }
  const found = notJsonIn(result)
  if (found) throw new Error(describeNotJson(found, 'its value'))
}
