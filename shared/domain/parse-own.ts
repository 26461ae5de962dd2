import type * as z from 'zod'
import { isJsonObject } from './json.ts'

/** Names that a schema's parser finds in every object. */
const INHERITED =
  /"(constructor|toString|toLocaleString|valueOf|hasOwnProperty|isPrototypeOf|propertyIsEnumerable|__\w+__)"/

/** Whether a schema (as JSON) has properties of such names: only then is {@link parseOwn} needed. */
export const mentionsInherited = (schema: unknown): boolean => INHERITED.test(JSON.stringify(schema) ?? '')

/**
 * Parses a value by what it has itself: a parser looks properties up, and takes the `constructor` that every object inherits for one
 * that was given. The value is parsed without prototypes, and has them again afterwards.
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

/** Plain objects and lists are made anew; whatever else there is stays what it is. */
function copied(value: unknown, make: Make): unknown {
  if (Array.isArray(value)) return value.map((member) => copied(member, make))
  if (!isJsonObject(value) || !isPlain(value)) return value
  return make(Object.entries(value).map(([name, member]) => [name, copied(member, make)]))
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
