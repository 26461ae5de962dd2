import type * as z from 'zod'
import { isJsonObject } from './json.ts'

/** Names that every object inherits, so that a schema's parser finds them in any value. */
const INHERITED =
  /"(constructor|toString|toLocaleString|valueOf|hasOwnProperty|isPrototypeOf|propertyIsEnumerable|__\w+__)"/

/** Whether a schema (as JSON) declares properties with such names: only then is {@link parseOwn} needed. */
export const mentionsInherited = (schema: unknown): boolean => INHERITED.test(JSON.stringify(schema) ?? '')

/**
 * Parses only a value's own properties: zod looks properties up through the prototype and would take the inherited `constructor` for a
 * given value. The value is parsed as a copy without prototypes; the result has them again.
 */
export function parseOwn<T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> {
  const parsed = schema.safeParse(copied(value, bare))
  return parsed.success ? { ...parsed, data: copied(parsed.data, plain) as T } : parsed
}

type Make = (entries: [string, unknown][]) => object

const bare: Make = (entries) => {
  const made: Record<string, unknown> = Object.create(null)
  for (const [name, member] of entries) made[name] = member
  return made
}
const plain: Make = (entries) => Object.fromEntries(entries)

/** Copies plain objects and lists; other values are kept. */
function copied(value: unknown, make: Make): unknown {
  if (Array.isArray(value)) return value.map((member) => copied(member, make))
  if (!isJsonObject(value) || !isPlain(value)) return value
  return make(Object.entries(value).map(([name, member]) => [name, copied(member, make)]))
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
