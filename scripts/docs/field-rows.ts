import * as z from 'zod'
import { describeSchema, withoutWrapping } from '../../shared/domain/describe-schema.ts'
import { code, table } from './table.ts'

/** The description of a schema that accepts any JSON. */
const ANY_JSON = 'text, or a number, or true or false, or null, or a list'

type Fields = Readonly<Record<string, z.core.$ZodType>>

/** A table of an object's fields: type and bounds, default, and the schema's description. */
export function fieldTable(fields: Fields): string {
  const rows = Object.entries(fields).map(([name, schema]) => [
    code(name),
    typeOf(schema),
    defaultOf(schema),
    descriptionOf(schema),
  ])
  return table(['field', 'type', 'default', 'what it says'], rows)
}

/** The fields of an object inside its wrappers, and of all alternatives of a union; undefined for other schemas. */
export function fieldsOf(schema: z.core.$ZodType): Fields | undefined {
  const { def } = withoutWrapping(schema)._zod
  if (def.type === 'object') return def.shape
  if (def.type !== 'union') return undefined
  const members = def.options.flatMap((one) => Object.entries(fieldsOf(one) ?? {}))
  return members.length > 0 ? Object.fromEntries(members) : undefined
}

function typeOf(schema: z.core.$ZodType): string {
  const { def } = withoutWrapping(schema)._zod
  if (def.type === 'unknown' || def.type === 'any') return 'any value'
  const told = describeSchema(schema).replaceAll('another value', 'any value')
  return told.startsWith(ANY_JSON) ? 'any JSON value' : told
}

/** `required`, the default, or empty for an optional field. */
function defaultOf(schema: z.core.$ZodType): string {
  const { def } = schema._zod as z.core.$ZodTypes['_zod']
  if (def.type === 'default') return code(JSON.stringify(def.defaultValue))
  if (def.type === 'prefault') return ''
  if (def.type === 'pipe') return defaultOf(def.in)
  return schema._zod.optin === undefined ? '**required**' : ''
}

/** The outermost description. */
function descriptionOf(schema: z.core.$ZodType): string {
  const own = z.globalRegistry.get(schema)?.description
  if (own !== undefined) return own
  const { def } = schema._zod as z.core.$ZodTypes['_zod']
  return 'innerType' in def ? descriptionOf(def.innerType) : ''
}
