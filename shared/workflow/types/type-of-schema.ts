import { isJsonObject, type Json } from '../../domain/json.ts'
import {
  ANY,
  BOOLEAN,
  compact,
  type Field,
  fieldIn,
  INTEGER,
  joinAll,
  listOf,
  NEVER,
  NULL,
  NUMBER,
  type ObjectType,
  orNothing,
  STRING,
  type Type,
  typeOf,
  typeOfValue,
} from './type.ts'

type Schema = Readonly<Record<string, unknown>>

/** Schemas may be recursive: parts that are nested deeper are `any`. */
const MOST_DEPTH = 24
/** The most parts of a schema that are read; further parts are `any`. */
const MOST_PARTS = 5_000

const known = { read: new WeakMap<Schema, Type>(), taken: new WeakMap<Schema, Type>() }

/**
 * The type of the values that a JSON Schema accepts (types/Q1). Keywords that only restrict values (`minimum`,
 * `pattern`, `not`) are ignored.
 */
export const typeOfSchema = (schema: unknown): Type => typeAs('read', schema)

/** The same for a value that is passed in: members with a default are optional. */
export const typeTakenBy = (schema: unknown): Type => typeAs('taken', schema)

function typeAs(as: keyof typeof known, schema: unknown): Type {
  if (schema === false) return NEVER
  if (!isJsonObject(schema)) return ANY
  const found = known[as].get(schema)
  if (found) return found
  const type = read(schema, { as, root: schema, depth: 0, parts: { count: 0 }, open: new Set() })
  known[as].set(schema, type)
  return type
}

type Place = {
  as: keyof typeof known
  root: Schema
  depth: number
  parts: { count: number }
  open: ReadonlySet<Schema>
}

function read(schema: unknown, place: Place): Type {
  if (schema === false) return NEVER
  place.parts.count += 1
  if (!isJsonObject(schema) || place.depth > MOST_DEPTH || place.parts.count > MOST_PARTS) return ANY
  if (place.open.has(schema)) return ANY
  const inside = { ...place, depth: place.depth + 1, open: new Set([...place.open, schema]) }
  const constraints = [ownType(schema, inside)]
  if (typeof schema.$ref === 'string') constraints.push(read(targetOf(schema.$ref, place.root), inside))
  for (const one of listIn(schema.allOf)) constraints.push(read(one, inside))
  for (const name of ['anyOf', 'oneOf'] as const) {
    const alternatives = listIn(schema[name])
    if (alternatives.length > 0) constraints.push(joinAll(alternatives.map((one) => read(one, inside))))
  }
  return constraints.reduce(meet)
}

const listIn = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

function ownType(schema: Schema, place: Place): Type {
  const values = 'const' in schema ? [schema.const] : schema.enum
  const listed = Array.isArray(values) ? joinAll(values.map((one) => typeOfValue(one as Json))) : ANY
  if (schema.type === undefined) return listed
  return meet(listed, joinAll([schema.type].flat().map((name) => typeOfName(String(name), schema, place))))
}

function typeOfName(name: string, schema: Schema, place: Place): Type {
  switch (name) {
    case 'null':
      return NULL
    case 'boolean':
      return BOOLEAN
    case 'number':
      return NUMBER
    case 'integer':
      return INTEGER
    case 'string':
      return STRING
    case 'array':
      return listOf(itemOf(schema, place))
    case 'object':
      return { object: membersOf(schema, place) }
    default:
      return ANY
  }
}

function itemOf({ items, prefixItems }: Schema, place: Place): Type {
  const first = listIn(prefixItems).map((one) => read(one, place))
  const further =
    items === undefined && first.length > 0 ? [] : [items === undefined ? ANY : read(items, place)]
  return joinAll([...first, ...further])
}

function membersOf(schema: Schema, place: Place): ObjectType {
  const { properties, required, additionalProperties, patternProperties } = schema
  const names = new Set(listIn(required))
  const declared = isJsonObject(properties) ? Object.entries(properties) : []
  const fields = declared.map(([name, one]): [string, Field] => {
    const hasDefault = isJsonObject(one) && 'default' in one
    const isThere = hasDefault ? place.as === 'read' : names.has(name)
    return [name, { type: read(one, place), ...(isThere ? {} : { optional: true }) }]
  })
  for (const name of names)
    if (!declared.some(([other]) => other === name)) fields.push([String(name), { type: ANY }])
  const rest = restOf(additionalProperties, declared.length > 0, place)
  return { fields: new Map(fields), rest: isJsonObject(patternProperties) ? ANY : rest }
}

function restOf(additional: unknown, hasProperties: boolean, place: Place): ObjectType['rest'] {
  if (additional === false) return 'none'
  if (additional !== undefined) return read(additional, place)
  return hasProperties ? 'undeclared' : ANY
}

/** The intersection of two types, or more: two schemas apply to the same value. */
export function meet(one: Type, other: Type): Type {
  if (one.any) return other
  if (other.any || one === other) return one
  return compact({
    nothing: one.nothing && other.nothing,
    null: one.null && other.null,
    boolean: meetConstants(one.boolean, other.boolean),
    number: meetNumbers(one.number, other.number),
    string: meetConstants(one.string, other.string),
    array: one.array && other.array && meet(one.array, other.array),
    object: one.object && other.object && meetObjects(one.object, other.object),
    function: one.function && other.function,
  })
}

type Constants<T> = true | ReadonlySet<T> | undefined

function meetConstants<T>(one: Constants<T>, other: Constants<T>): Constants<T> {
  if (one === undefined || other === undefined) return undefined
  if (one === true || other === true) return one === true ? other : one
  const both = one.intersection(other)
  return both.size > 0 ? both : undefined
}

function meetNumbers(one: Type['number'], other: Type['number']): Type['number'] {
  if (one !== 'integer' && other !== 'integer') return meetConstants(one, other)
  const wider = one === 'integer' ? other : one
  if (wider === undefined || wider === true || wider === 'integer') return wider && 'integer'
  const whole = new Set([...wider].filter(Number.isInteger))
  return whole.size > 0 ? whole : undefined
}

/** Each part of an `allOf` may declare members, so the intersection has those of both. */
function meetObjects(one: ObjectType, other: ObjectType): ObjectType {
  const names = new Set([...one.fields.keys(), ...other.fields.keys()])
  const fields = [...names].map(
    (name) => [name, meetFields(fieldIn(one, name), fieldIn(other, name))] as const,
  )
  const rest =
    typeof one.rest === 'object' ? other.rest : typeof other.rest === 'object' ? one.rest : undefined
  return { fields: new Map(fields), rest: rest ?? (one.rest === 'none' ? other.rest : one.rest) }
}

function meetFields(one: Field | undefined, other: Field | undefined): Field {
  const parts = [one, other].filter((field) => field !== undefined)
  const optional = parts.every((field) => field.optional)
  const type = parts.map(typeOf).reduce(meet, ANY)
  return { type, ...(optional ? { optional } : {}) }
}

/** The schema that a `$ref` refers to within the document; undefined for other references. */
function targetOf(reference: string, root: Schema): unknown {
  if (!reference.startsWith('#')) return {}
  let found: unknown = root
  for (const part of reference.split('/').slice(1)) {
    const name = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
    found = isJsonObject(found) && Object.hasOwn(found, name) ? found[name] : undefined
    if (Array.isArray(found)) return {}
  }
  return found ?? {}
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The type of reading a member: includes "nothing" if the member is optional. */
export const readField = (field: Field): Type => (field.optional ? orNothing(typeOf(field)) : typeOf(field))
