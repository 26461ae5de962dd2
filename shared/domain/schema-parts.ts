/** What zod's schemas say about the parts of a value. */
import type * as z from 'zod'
import { withoutWrapping } from './describe-schema.ts'

type Schema = z.core.$ZodType

/** The fields of an object; those of a union are of all objects among its alternatives. */
export function fieldsOf(schema: Schema, value: unknown): string[] {
  const { def } = withoutWrapping(schema)._zod
  if (def.type === 'object') return Object.keys(def.shape)
  if (def.type === 'intersection') return [...fieldsOf(def.left, value), ...fieldsOf(def.right, value)]
  return def.type === 'union' ? def.options.flatMap((one) => fieldsOf(one, value)) : []
}

/** The schema of a part of a value; undefined where it is not known. */
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
