import type { Json } from '../../../shared/domain/json.ts'
import type { Random } from '../../../shared/domain/random.ts'

export type Schema = { [keyword: string]: Json }

export const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)] as T

export const NAMES = ['a', 'b', 'c', 'name', 'rows', 'count'] as const
export const TEXTS = ['x', 'open', 'closed', ''] as const

/** A random JSON Schema of at most this depth; with `plain` it has no alternatives, and declares its members. */
export function randomSchema(random: Random, depth = 3, plain = false): Schema {
  const kinds: (() => Schema)[] = [
    () => ({ type: 'string' }),
    () => ({ type: 'number' }),
    () => ({ type: 'integer' }),
    () => ({ type: 'boolean' }),
    () => ({ enum: ['open', 'closed'] }),
    () => ({ const: pick(random, [1, 'x', true]) }),
  ]
  if (!plain) kinds.push(() => ({ type: ['string', 'null'] }))
  if (depth > 0) {
    const inner = (): Schema => randomSchema(random, depth - 1, plain)
    kinds.push(
      () => objectSchema(random, depth, plain),
      () => objectSchema(random, depth, plain),
      () => ({ type: 'array', items: inner() }),
      () => ({ type: 'array', items: objectSchema(random, depth - 1, plain) }),
    )
    if (!plain)
      kinds.push(
        () => ({ type: 'object', additionalProperties: inner() }),
        () => ({ anyOf: [inner(), inner()] }),
      )
  }
  return pick(random, kinds)()
}

export function objectSchema(random: Random, depth = 3, plain = false): Schema {
  const names = NAMES.filter((name) => name === 'name' || random() < 0.5)
  const closed = pick(random, [{}, { additionalProperties: false }])
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, randomSchema(random, depth - 1, plain)])),
    required: names.filter(() => random() < 0.6),
    ...closed,
  }
}

/** A value that a schema accepts; with `dense` it has every optional member, and no empty list. */
export function valueFor(schema: Schema, random: Random, dense = false): Json {
  const { anyOf, type, properties, required, additionalProperties, items } = schema
  if (Array.isArray(anyOf)) return valueFor(pick(random, anyOf) as Schema, random, dense)
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.enum)) return pick(random, schema.enum)
  switch (Array.isArray(type) ? pick(random, type) : type) {
    case 'string':
      return pick(random, TEXTS)
    case 'number':
      return pick(random, [0, 1, -2, 1.5])
    case 'integer':
      return pick(random, [0, 1, 2])
    case 'boolean':
      return random() < 0.5
    case 'null':
      return null
    case 'array': {
      const length = dense ? 1 + Math.floor(random() * 2) : Math.floor(random() * 3)
      return Array.from({ length }, () => valueFor(items as Schema, random, dense))
    }
    default: {
      const own = Object.entries((properties ?? {}) as Record<string, Schema>)
        .filter(([name]) => dense || (required as string[]).includes(name) || random() < 0.5)
        .map(([name, one]) => [name, valueFor(one, random, dense)] as const)
      const isMap = typeof additionalProperties === 'object'
      const more = isMap ? [['k', valueFor(additionalProperties as Schema, random, dense)] as const] : []
      return Object.fromEntries([...own, ...more])
    }
  }
}
