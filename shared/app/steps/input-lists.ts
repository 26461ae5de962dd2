/**
 * Lists where a schema says list. A filter of JSONata that finds one thing answers the thing, and one that finds nothing answers
 * nothing: what an expression has found is put into a list where the schema takes lists only.
 *
 * Invariants (tests cite them):
 * lists/J1 what is written down as it is stays as it is: only values that come from an expression are looked at, and what is inside them
 * lists/J2 a value of a type that the schema accepts stays as it is, whatever else the schema accepts; so does what is inside a value of
 *    which it is not known which alternative of the schema it is meant to fit. An object that has not what every alternative for
 *    objects requires is none of them: a row is no reference to a file
 * lists/J3 nothing becomes an empty list where the schema requires a list and takes nothing else; elsewhere it stays away
 */
import { isJsonObject, type Json } from '../../domain/json.ts'
import { boundedWork } from '../../workflow/bounded-work.ts'
import { expressionIn } from '../../workflow/expressions.ts'

type Schema = Readonly<Record<string, unknown>>

/** Deeper values are left alone: schemas may mention themselves. */
const MOST_DEPTH = 32

/**
 * `value`, which `template` has been evaluated to, with lists where `schema` (a JSON Schema) takes nothing but lists. `value` is
 * undefined where an expression has found nothing. Throws as `boundedWork` does.
 */
export function withLists(value: Json | undefined, template: unknown, schema: unknown): Json | undefined {
  if (!isJsonObject(schema)) return value
  return boundedWork('the input schema', () => listsIn(value, template, { root: schema, depth: 0 }, schema))
}

type Place = { root: Schema; depth: number }

function listsIn(
  value: Json | undefined,
  template: unknown,
  place: Place,
  schema: unknown,
): Json | undefined {
  const { root, depth } = place
  if (depth > MOST_DEPTH) return value
  const found = resolved(schema, root)
  const isFound = template === FOUND || expressionIn(template) !== undefined
  const inside = { root, depth: depth + 1 }
  const types = typesOf(found, root)
  // Whether the list is required has been seen by whoever asks.
  if (isFound && value === undefined && types.size === 1 && types.has('array')) return []
  if (isFound && value !== undefined && value !== null && types.has('array') && !isTaken(found, value, root))
    return [memberIn(value, FOUND, inside, itemsOf(found, [], root))]
  if (Array.isArray(value)) {
    const templates = Array.isArray(template) ? template : undefined
    const items = itemsOf(found, value, root)
    return value.map((member, at) => memberIn(member, isFound ? FOUND : templates?.[at], inside, items))
  }
  if (value === undefined || !isJsonObject(value)) return value
  const templates = isJsonObject(template) ? template : undefined
  return membersIn(value as Record<string, Json>, isFound ? FOUND : templates, inside, found)
}

/** In the place of a template: everything here comes from an expression. */
const FOUND = Symbol('found by an expression')

function memberIn(member: Json, template: unknown, place: Place, schema: unknown): Json {
  // In a list nothing is null.
  const value = expressionIn(template) !== undefined && member === null ? undefined : member
  return listsIn(value, template, place, schema) ?? null
}

function membersIn(
  value: Readonly<Record<string, Json>>,
  template: Record<string, unknown> | typeof FOUND | undefined,
  place: Place,
  schema: Schema,
): Json {
  const { properties, required } = membersOf(schema, value, place.root)
  const templateOf = (name: string): unknown =>
    template === FOUND
      ? FOUND
      : template !== undefined && Object.hasOwn(template, name)
        ? template[name]
        : undefined
  // What an expression has left out, and the schema wants.
  const isMissing = (name: string): boolean =>
    !Object.hasOwn(value, name) &&
    (templateOf(name) === FOUND || expressionIn(templateOf(name)) !== undefined)
  const missing = [...required].filter(isMissing)
  const names = [...Object.keys(value), ...missing]
  return Object.fromEntries(
    names.flatMap((name): [string, Json][] => {
      const own = Object.hasOwn(value, name) ? value[name] : undefined
      const member = listsIn(own, templateOf(name), place, properties.get(name))
      return member === undefined ? [] : [[name, member]]
    }),
  )
}

const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']

/** The types that a schema accepts; all of them where it says nothing of types. */
function typesOf(schema: unknown, root: Schema, depth = 0): Set<string> {
  if (schema === false) return new Set()
  const own = resolved(schema, root)
  const said = own.type === undefined ? listed(own) : [own.type].flat().map(String)
  let types = new Set(said ?? TYPES)
  if (types.has('number')) types.add('integer')
  if (depth > MOST_DEPTH) return types
  const of = (one: unknown): Set<string> => typesOf(one, root, depth + 1)
  for (const one of schemasIn(own, 'allOf')) types = types.intersection(of(one))
  for (const name of ['anyOf', 'oneOf'] as const) {
    const alternatives = schemasIn(own, name)
    const all = alternatives.map(of).reduce((one, other) => one.union(other), new Set<string>())
    if (alternatives.length > 0) types = types.intersection(all)
  }
  return types
}

/** By its type, and an object by what must be in it. */
function isTaken(schema: unknown, value: Json, root: Schema, depth = 0): boolean {
  const own = resolved(schema, root)
  const types = typesOf(own, root)
  if (!typesOfValue(value).some((one) => types.has(one))) return false
  if (depth > MOST_DEPTH || !isJsonObject(value)) return true
  const { properties, required } = membersOf(own, value, root)
  // A list that is not there may still become an empty one (lists/J3).
  const isThere = (name: string): boolean =>
    Object.hasOwn(value, name) || [...typesOf(properties.get(name), root)].join() === 'array'
  return (
    [...required].every(isThere) &&
    (['anyOf', 'oneOf'] as const).every((name) => {
      const alternatives = schemasIn(own, name)
      return alternatives.length === 0 || alternatives.some((one) => isTaken(one, value, root, depth + 1))
    })
  )
}

/** Of a schema that lists its values one by one. */
function listed(schema: Schema): string[] | undefined {
  const values = 'const' in schema ? [schema.const] : schema.enum
  return Array.isArray(values) ? values.flatMap((one) => typesOfValue(one as Json)) : undefined
}

function typesOfValue(value: Json): string[] {
  if (value === null) return ['null']
  if (Array.isArray(value)) return ['array']
  return typeof value === 'number'
    ? ['number', ...(Number.isInteger(value) ? ['integer'] : [])]
    : [typeof value]
}

const schemasIn = (schema: Schema, name: 'allOf' | 'anyOf' | 'oneOf'): unknown[] =>
  Array.isArray(schema[name]) ? (schema[name] as unknown[]) : []

/** The schemas that a value has to fit: the schema itself, and of alternatives the only one that may be meant. */
function partsOf(schema: Schema, value: Json, root: Schema, depth = 0): Schema[] {
  if (depth > MOST_DEPTH) return [schema]
  const inner = schemasIn(schema, 'allOf')
  for (const name of ['anyOf', 'oneOf'] as const) {
    const meant = schemasIn(schema, name).filter((one) => mayFit(resolved(one, root), value, root))
    if (meant.length === 1) inner.push(meant[0])
  }
  return [schema, ...inner.flatMap((one) => partsOf(resolved(one, root), value, root, depth + 1))]
}

/** By its type, and by the members whose values are listed. */
function mayFit(schema: Schema, value: Json, root: Schema): boolean {
  const types = typesOf(schema, root)
  if (!typesOfValue(value).some((type) => types.has(type))) return false
  if (!isJsonObject(value) || !isJsonObject(schema.properties)) return true
  return Object.entries(schema.properties).every(([name, one]) => {
    const own = resolved(one, root)
    const values = 'const' in own ? [own.const] : own.enum
    return !Array.isArray(values) || !Object.hasOwn(value, name) || values.includes(value[name])
  })
}

function itemsOf(schema: Schema, list: Json, root: Schema): unknown {
  return partsOf(schema, list, root).find((one) => isJsonObject(one.items))?.items
}

function membersOf(schema: Schema, value: Json, root: Schema) {
  const parts = partsOf(schema, value, root)
  const properties = new Map(
    parts.flatMap((part) => (isJsonObject(part.properties) ? Object.entries(part.properties) : [])),
  )
  const required = new Set(
    parts.flatMap((part) => (Array.isArray(part.required) ? part.required.map(String) : [])),
  )
  return { properties, required }
}

/** A schema that stands for another one of the same document is that one. */
function resolved(schema: unknown, root: Schema, depth = 0): Schema {
  if (!isJsonObject(schema)) return {}
  const { $ref } = schema
  if (typeof $ref !== 'string' || depth > MOST_DEPTH) return schema
  if (!$ref.startsWith('#')) return {}
  let found: unknown = root
  for (const part of $ref.split('/').slice(1)) {
    const name = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
    found = isJsonObject(found) && Object.hasOwn(found, name) ? found[name] : undefined
  }
  return resolved(found, root, depth + 1)
}

/** A part of a reference as it is meant, or as it stands where it is no encoded text. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
