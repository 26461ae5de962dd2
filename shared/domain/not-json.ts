/**
 * Finds values that JSON cannot represent before they are written: `JSON.stringify` would silently turn NaN into null, leave functions
 * out, and write a Map as an empty object.
 *
 * Invariants (tests cite them):
 * json/J1 a value in which nothing is found is equal to its copy after writing it as JSON and reading it back, except that members that are
 *    undefined are absent
 * json/J2 a found value is reported with its kind and its place
 */
import type { Json } from './json.ts'

/** Deeper than any real data; a limit is needed because parsers and expression engines recurse. */
export const MOST_JSON_LEVELS = 500

/** Whether a value that is JSON is nested deeper than that: what recurses over it would overflow the stack. */
export function isTooDeep(value: Json, levels = MOST_JSON_LEVELS): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => isTooDeep(member, levels - 1))
}

export type NotJson = {
  /** `rows[3].n`; empty for the value itself. */
  path: string
  /** What the value is, and what would be right. */
  what: string
}

/** The first place at which a value is not JSON; undefined when all of it is (json/J1, json/J2). Throws what the value's getters throw. */
export function notJsonIn(value: unknown): NotJson | undefined {
  const found = lookInto(value, [])
  return found && { path: found.path.reverse().join('').replace(/^\./, ''), what: found.what }
}

/** The finding in words, for the end of a message; `name` is what the message calls the value. */
export const describeNotJson = ({ path, what }: NotJson, name: string): string =>
  `${path === '' ? name : `${name}${path.startsWith('[') ? '' : '.'}${path}`} is ${what}`

/** Path segments, innermost first. */
type Found = { path: string[]; what: string }

/** `above`: the enclosing objects, outermost first, to detect cycles; it is restored before returning. */
function lookInto(value: unknown, above: object[]): Found | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : here(`${value}; write null`)
  if (typeof value !== 'object') return here(PRIMITIVES[typeof value] ?? `a ${typeof value}`)
  if (above.includes(value)) return here('circular: it holds itself')
  if (above.length >= MOST_JSON_LEVELS) return here(`nested deeper than ${MOST_JSON_LEVELS} levels`)
  const kind = Array.isArray(value) ? undefined : kindOf(value)
  if (kind !== undefined) return here(kind)
  above.push(value)
  const found = Array.isArray(value) ? lookIntoList(value, above) : lookIntoObject(value, above)
  above.pop()
  return found
}

function lookIntoList(list: readonly unknown[], inside: object[]): Found | undefined {
  for (let at = 0; at < list.length; at++) {
    const found = lookInto(list[at], inside)
    if (found) return under(`[${at}]`, found)
  }
  return undefined
}

function lookIntoObject(value: object, inside: object[]): Found | undefined {
  for (const [name, member] of Object.entries(value)) {
    if (name === FORBIDDEN_NAME) return under(`.${name}`, here('a name that no member may have'))
    // JSON leaves undefined members out.
    if (member === undefined) continue
    const found = lookInto(member, inside)
    if (found) return under(`.${name}`, found)
  }
  return undefined
}

/** Libraries that copy objects by assignment would set the prototype through this name (prototype pollution). */
export const FORBIDDEN_NAME = '__proto__'

const PRIMITIVES: Readonly<Partial<Record<string, string>>> = {
  undefined: 'undefined; write null',
  function: 'a function',
  symbol: 'a symbol',
  bigint: 'a BigInt; write it as text or as a number',
}

/** The class of an object; undefined for a plain object, including one of another realm. */
function kindOf(value: object): string | undefined {
  if (Object.hasOwn(value, '_jsonata_lambda') || Object.hasOwn(value, '_jsonata_function'))
    return 'a function'
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return undefined
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1)
  return (
    RIGHT_INSTEAD.get(tag) ?? `an instance of ${classOf(prototype as object) || tag}; write a plain object`
  )
}

const RIGHT_INSTEAD = new Map([
  ['Date', 'a Date; write toISOString()'],
  ['Map', 'a Map; write Object.fromEntries(map)'],
  ['Set', 'a Set; write [...set]'],
  ['Error', 'an Error; write its message'],
])

function classOf(prototype: object): string {
  const made: unknown = prototype.constructor
  return typeof made === 'function' ? made.name.slice(0, 50) : ''
}

const here = (what: string): Found => ({ path: [], what })
const under = (segment: string, { path, what }: Found): Found => ({ path: [...path, segment], what })
