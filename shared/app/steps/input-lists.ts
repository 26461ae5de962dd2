/**
 * Restores lists that JSONata has unwrapped. A JSONata filter with one match returns the match itself, and without a match nothing: the
 * value of an expression is wrapped in a list when the schema accepts only lists.
 *
 * Invariants (tests cite them):
 * lists/J1 literal values stay unchanged: only values that come from an expression, and values inside them, are looked at
 * lists/J2 a value of a type that the schema accepts stays unchanged, and so do values inside one whose alternative of the schema is
 *    ambiguous. An object without the members that every alternative for objects requires fits none of them: a row is no file reference
 * lists/J3 an expression without a match becomes an empty list when the schema requires a list and accepts nothing else; otherwise the
 *    member stays absent
 */
import { isJsonObject, type Json } from '../../domain/json.ts'
import { boundedWork } from '../../workflow/bounded-work.ts'
import { expressionIn } from '../../workflow/expressions.ts'

type Schema = Readonly<Record<string, unknown>>

/** Deeper values stay unchanged, because schemas may be recursive. */
const MOST_DEPTH = 32

/**
 * `value`, the result of evaluating `template`, with lists where `schema` (a JSON Schema) accepts nothing but lists. `value` is undefined
 * when an expression has found nothing. Throws as `boundedWork` does.
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
  // The caller has checked that the member is required.
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

/** Stands for a template whose whole value comes from an expression. */
const FOUND = Symbol('found by an expression')

function memberIn(member: Json, template: unknown, place: Place, schema: unknown): Json {
  // JSONata writes a missing list member as null.
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
  // A member that the schema requires and the expression has not found.
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

/** The types that a schema accepts; all types when it does not restrict them. */
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

/** Whether a schema accepts a value by its type and, for objects, by the required members. */
function isTaken(schema: unknown, value: Json, root: Schema, depth = 0): boolean {
  const own = resolved(schema, root)
  const types = typesOf(own, root)
  if (!typesOfValue(value).some((one) => types.has(one))) return false
  if (depth > MOST_DEPTH || !isJsonObject(value)) return true
  const { properties, required } = membersOf(own, value, root)
  // An absent list may still become an empty one (lists/J3).
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

/** The values of an `enum` or `const`. */
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

/** The schemas that a value has to fit: the schema itself, and the alternative that applies if it is unambiguous. */
function partsOf(schema: Schema, value: Json, root: Schema, depth = 0): Schema[] {
  if (depth > MOST_DEPTH) return [schema]
  const inner = schemasIn(schema, 'allOf')
  for (const name of ['anyOf', 'oneOf'] as const) {
    const meant = schemasIn(schema, name).filter((one) => mayFit(resolved(one, root), value, root))
    if (meant.length === 1) inner.push(meant[0])
  }
  return [schema, ...inner.flatMap((one) => partsOf(resolved(one, root), value, root, depth + 1))]
}

/** Whether an alternative may apply, by the value's type and by members with enumerated values (discriminators). */
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

/** Follows a `$ref` within the document. */
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

/** A decoded part of a reference; unchanged when it is not valid percent-encoding. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
