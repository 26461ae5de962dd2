import * as z from 'zod'
import { isJsonObject, type Json } from '../../shared/domain/json.ts'

const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  time: '12:00:00Z',
  email: 'ada@example.com',
  uri: 'https://example.com',
  uuid: '0d5a1c2e-6f0b-4c39-9a51-3f1b5b0c7d11',
}
/** Schemas may be recursive. */
const MOST_DEPTH = 6
const MOST_LENGTH = 200

/**
 * A small value of a JSON Schema, for an example: what the schema itself gives as one, else the required fields alone. It need not fit a
 * schema with a `pattern`, a reference, or conditions ({@link fitsSchema}).
 */
export function sampleOf(schema: unknown, name = 'text', depth = 0): Json {
  if (!isJsonObject(schema) || depth > MOST_DEPTH) return null
  const { examples, enum: values, anyOf, oneOf, allOf } = schema
  const [given] = [schema.const, schema.default, ...listOf(examples), ...listOf(values)].filter(
    (one) => one !== undefined,
  )
  if (given !== undefined) return given as Json
  const either = [anyOf, oneOf].map(listOf).find((all) => all.length > 0)
  if (either) return sampleOf(either[0], name, depth + 1)
  const all = listOf(allOf).map((one) => sampleOf(one, name, depth + 1))
  if (all.length > 0) return all.every(isJsonObject) ? Object.assign({}, ...all) : (all[0] ?? null)
  return ofType(schema, name, depth)
}

/** Whether a value fits a JSON Schema, as far as that can be told. */
export function fitsSchema(schema: Record<string, unknown>, value: Json): boolean {
  try {
    return z.fromJSONSchema(schema).safeParse(value).success
  } catch {
    return false
  }
}

function ofType(schema: Readonly<Record<string, unknown>>, name: string, depth: number): Json {
  const [type] = [schema.type].flat()
  const number = (key: string): number | undefined =>
    typeof schema[key] === 'number' ? (schema[key] as number) : undefined
  switch (type) {
    case 'object': {
      const properties = isJsonObject(schema.properties) ? schema.properties : {}
      const required = listOf(schema.required).map(String)
      return Object.fromEntries(required.map((key) => [key, sampleOf(properties[key], key, depth + 1)]))
    }
    case 'array': {
      const length = Math.min(MOST_LENGTH, Math.max(1, number('minItems') ?? 0))
      return Array.from({ length }, () => sampleOf(schema.items, name, depth + 1))
    }
    case 'string': {
      const text = FORMATS[String(schema.format)] ?? `some ${name}`
      const long = text.padEnd(Math.min(MOST_LENGTH, number('minLength') ?? 0), '.')
      return long.slice(0, number('maxLength'))
    }
    case 'integer':
    case 'number': {
      const above = number('exclusiveMinimum')
      return number('minimum') ?? (above === undefined ? (number('maximum') ?? 1) : above + 1)
    }
    case 'boolean':
      return true
    default:
      return null
  }
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
