import type * as z from 'zod'
import { isJsonObject, type Json } from '../../domain/json.ts'
import { FORBIDDEN_NAME, isTooDeep } from '../../domain/not-json.ts'

type ZodIssue = z.core.$ZodIssue

/** More places would be no slip of a model. */
const MOST_PLACES = 100
/** A list within a text within a text. */
const MOST_ROUNDS = 3
const TYPES: readonly string[] = ['object', 'record', 'array', 'tuple']

/**
 * Parses what a model has given; where it does not fit, also what the model has meant: models give `null` for what they leave out, and an object or
 * a list as the text of it. Only places that the schema refuses are changed, so that a `null` or a text that may stand there stays.
 */
export function parseMeant<T>(
  parse: (value: Json) => z.ZodSafeParseResult<T>,
  given: Json,
): z.ZodSafeParseResult<T> {
  const first = parse(given)
  let [parsed, value] = [first, given]
  for (let round = 0; round < MOST_ROUNDS && !parsed.success; round++) {
    const meant = meantBy(value, parsed.error.issues)
    if (meant === undefined) return first
    value = meant
    parsed = parse(value)
  }
  // What is left is told of what was given.
  return parsed.success ? parsed : first
}

/** A copy with the slips mended; undefined where there are none. */
function meantBy(given: Json, issues: readonly ZodIssue[]): Json | undefined {
  const copy = { root: structuredClone(given) }
  let isMended = false
  for (const found of issues.slice(0, MOST_PLACES)) {
    const path = ['root', ...found.path]
    const key = path.pop() as string | number
    const parent = valueAt(copy, path)
    if (
      key === FORBIDDEN_NAME ||
      typeof parent !== 'object' ||
      parent === null ||
      !Object.hasOwn(parent, key)
    )
      continue
    const holder = parent as Record<string | number, Json>
    if (holder[key] === null && isJsonObject(parent) && parent !== copy) {
      delete holder[key]
      isMended = true
    }
    const inner =
      found.code === 'invalid_type' && TYPES.includes(found.expected) ? jsonIn(holder[key]) : undefined
    if (inner !== undefined) {
      holder[key] = inner
      isMended = true
    }
  }
  return isMended ? copy.root : undefined
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<PropertyKey, unknown>)[key]
  }
  return at
}

/** The object or list that a text is; undefined for any other value. */
function jsonIn(text: Json | undefined): Json | undefined {
  if (typeof text !== 'string' || !/^\s*[[{]/.test(text)) return undefined
  try {
    const value = JSON.parse(text) as Json
    return isTooDeep(value) ? undefined : value
  } catch {
    return undefined
  }
}
