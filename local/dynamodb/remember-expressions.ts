/**
 * Caches dynalite's parsed expressions: parsing takes half the time of an update, and a program has only a few expressions. The result
 * of parsing depends on the names given with it and on the types of the values; the values themselves are only inserted.
 *
 * Invariants (tests cite them):
 * remembered/E1 a cached result equals what dynalite's own parser gives for the values of this request
 * remembered/E2 a result shares no object with another one, and a refusal is never cached
 */
import { createRequire } from 'node:module'

type Names = Record<string, string>
type Values = Record<string, Record<string, unknown>>
type Context = {
  attrNames?: Names | undefined
  attrVals?: Values | undefined
  /** Names that no expression of the request has used yet; a parser deletes those it uses. */
  unusedAttrNames?: Record<string, true>
  unusedAttrVals?: Record<string, true>
  isKeyCondition?: boolean
}
type Parse = (expression: string, options: { context: Context }) => unknown
type Parsed = { shape: unknown; names: string[]; values: string[] }

/** Operators whose parsing depends on the values. */
const LOOKS_AT_VALUES = /\bbetween\b|\battribute_type\b/i
const MOST_REMEMBERED = 1_000

/** Replaces the parsers on dynalite's module by caching ones. Idempotent. */
export function rememberExpressions(): void {
  const require = createRequire(import.meta.url)
  for (const name of ['conditionParser', 'updateParser']) {
    const parser = require(`dynalite/db/${name}`) as { parse: Parse; remembers?: true }
    if (!parser.remembers) Object.assign(parser, { parse: remembering(parser.parse), remembers: true })
  }
}

/** Wraps a parser so that it parses an expression once for each combination of names and types. */
export function remembering(parse: Parse): Parse {
  const known = new Map<string, Parsed>()
  return (expression, options) => {
    if (LOOKS_AT_VALUES.test(expression)) return parse(expression, options)
    const { context } = options
    const key = keyOf(expression, context)
    const before = known.get(key)
    if (before) return recall(before, context)
    const [names, values] = [{ ...context.unusedAttrNames }, { ...context.unusedAttrVals }]
    const parsed = parse(expression, options)
    const all = Object.values(context.attrVals ?? {})
    // If one object had two names, their places could not be told apart.
    if (typeof parsed !== 'object' || parsed === null || new Set(all).size < all.length) return parsed
    if (known.size >= MOST_REMEMBERED) known.clear()
    known.set(key, {
      shape: withoutValues(parsed, context.attrVals ?? {}),
      names: usedOf(names, context.unusedAttrNames),
      values: usedOf(values, context.unusedAttrVals),
    })
    return parsed
  }
}

function keyOf(expression: string, { attrNames, attrVals = {}, isKeyCondition, ...unused }: Context): string {
  const types = Object.entries(attrVals).map(([name, value]) => [name, Object.keys(value)])
  const left = [unused.unusedAttrNames, unused.unusedAttrVals].map((all) => Object.keys(all ?? {}))
  return JSON.stringify([expression, attrNames, types, left, isKeyCondition])
}

function recall({ shape, names, values }: Parsed, context: Context): unknown {
  for (const name of names) delete context.unusedAttrNames?.[name]
  for (const name of values) delete context.unusedAttrVals?.[name]
  return copy(shape, (part) => (part instanceof Place ? context.attrVals?.[part.name] : undefined))
}

const usedOf = (before: object, after: object = {}): string[] =>
  Object.keys(before).filter((name) => !Object.hasOwn(after, name))

/** The place of a value in a parsed expression. */
class Place {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

function withoutValues(parsed: object, values: Values): unknown {
  const places = new Map<unknown, Place>(
    Object.entries(values).map(([name, value]) => [value, new Place(name)]),
  )
  return copy(parsed, (part) => places.get(part))
}

/** A deep copy, in which `other` may replace parts. */
function copy(part: unknown, other: (part: object) => object | undefined): unknown {
  if (typeof part !== 'object' || part === null) return part
  const instead = other(part)
  if (instead !== undefined) return instead
  if (Array.isArray(part)) return part.map((member) => copy(member, other))
  const made = Object.create(Object.getPrototypeOf(part) as object | null) as Record<string, unknown>
  for (const [name, member] of Object.entries(part)) made[name] = copy(member, other)
  return made
}
