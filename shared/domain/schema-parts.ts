/** Lookups in zod schemas, by the path of a value's part. */
import type * as z from 'zod'
import { withoutWrapping } from './describe-schema.ts'

type Schema = z.core.$ZodType

/** The fields of an object schema; for a union, those of all its object alternatives. */
export function fieldsOf(schema: Schema, value: unknown): string[] {
  const { def } = withoutWrapping(schema)._zod
  if (def.type === 'object') return Object.keys(def.shape)
  if (def.type === 'intersection') return [...fieldsOf(def.left, value), ...fieldsOf(def.right, value)]
  return def.type === 'union' ? def.options.flatMap((one) => fieldsOf(one, value)) : []
}

/** The schema of a part of a value; undefined when it is unknown. */
export function schemaAt(schema: Schema, path: readonly PropertyKey[]): Schema | undefined {
  const [first, ...rest] = path
  if (first === undefined) return schema
  const { def } = withoutWrapping(schema)._zod
  const next = (inner: Schema | undefined): Schema | undefined => inner && schemaAt(inner, rest)
  switch (def.type) {
    case 'object':
      return next(Object.hasOwn(def.shape, first) ? def.shape[String(first)] : def.catchall)
    case 'record':
      return next(def.valueType)
    case 'array':
      return next(def.element)
    case 'intersection':
      return schemaAt(def.left, path) ?? schemaAt(def.right, path)
    case 'union':
      for (const one of def.options) {
        const found = schemaAt(one, path)
        if (found) return found
      }
      return undefined
    default:
      return undefined
  }
}
