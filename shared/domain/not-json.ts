/**
 * What JSON cannot say, found before it is written: `JSON.stringify` would make null of NaN, leave functions out, and write a Map as an
 * empty object, all without a word.
 *
 * Invariants (tests cite them):
 * json/J1 a value in which nothing is found is the same when it is written as JSON and read again, but for members that are undefined:
 *     those are absent
 * json/J2 what is found is named, with the place where it stands
 */

/** Deeper than any data that people make; parsers and expression engines recurse. */
export const MOST_JSON_LEVELS = 500

export type NotJson = {
  /** `rows[3].n`; empty for the value itself. */
  path: string
  /** What stands there, and what would be right. */
  what: string
}

/** The first place where a value is not JSON; undefined where all of it is (json/J1, json/J2). May throw what its getters throw. */
export function notJsonIn(value: unknown): NotJson | undefined {
  const found = lookInto(value, [])
  return found && { path: found.path.reverse().join('').replace(/^\./, ''), what: found.what }
}

/** The same in words, for the end of a message; the value has a name there. */
export const describeNotJson = ({ path, what }: NotJson, name: string): string =>
  `${path === '' ? name : `${name}${path.startsWith('[') ? '' : '.'}${path}`} is ${what}`

/** Segments of the path from the inside out. */
type Found = { path: string[]; what: string }

/** `above`: the objects around it, from the outside in; it is left as it was. */
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
    // Absent, as in JSON.
    if (member === undefined) continue
    const found = lookInto(member, inside)
    if (found) return under(`.${name}`, found)
  }
  return undefined
}

/** Half of the libraries that copy objects set the prototype by it. */
export const FORBIDDEN_NAME = '__proto__'

const PRIMITIVES: Readonly<Partial<Record<string, string>>> = {
  undefined: 'undefined; write null',
  function: 'a function',
  symbol: 'a symbol',
  bigint: 'a BigInt; write it as text or as a number',
}

/** What it is an instance of; undefined for a plain object, also one of another realm. */
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
