/**
 * Types of values, inferred from schemas and expressions before anything runs.
 *
 * A type is a union with one place for each kind of value (null, boolean, number, text, list, object, function), and
 * one for "nothing", the result of an expression that finds no value. A union of objects is stored as one object with
 * the members of all, a union of lists as one list: such types may include more values than the exact union, never
 * fewer.
 *
 * Invariants (tests cite them):
 * types/Q1 a value that a JSON Schema accepts is in the schema's type, and so is the result of an expression in the expression's type
 * types/Q2 a complaint is reported only if no possible value at its place fits. "Nothing" and the items of an empty
 *    list are not values, so they do not suppress complaints about the others
 * types/Q3 an unknown type is `any`, which causes no complaints
 * types/Q4 a member is unknown if no alternative declares it. A schema with `properties` and without
 *    `additionalProperties` declares only those, although it accepts others; `additionalProperties: true` allows other
 *    members
 * types/Q5 the check ends: each expression has a bounded number of inferences, beyond which its type is `any`
 */
import { isJsonObject, type Json } from '../../domain/json.ts'

export type Type = Readonly<{
  /** An unknown type: any value, or nothing. Its other members are ignored. */
  any?: true
  nothing?: true
  null?: true
  boolean?: true | ReadonlySet<boolean>
  number?: true | 'integer' | ReadonlySet<number>
  string?: true | ReadonlySet<string>
  /** A list of items of this type. */
  array?: Type
  object?: ObjectType
  function?: readonly Callable[]
}>

export type ObjectType = Readonly<{
  fields: ReadonlyMap<string, Field>
  /** Members besides `fields`: none, members of this type, or `undeclared` ones (types/Q4). */
  rest: 'none' | 'undeclared' | Type
  /** An object literal: a member that the receiver does not accept is a mistake. */
  isWritten?: true
}>

/** `type` may be lazy, because the output types of steps depend on one another. */
export type Field = Readonly<{ type: Type | (() => Type); optional?: boolean }>

/** A function type: the result type as a function of the argument types; `arity` is the number of parameters. */
export type Callable = Readonly<{ arity: number; call(args: readonly Type[]): Type }>

export const ANY: Type = { any: true }
/** The empty type, of an expression that always throws. */
export const NEVER: Type = {}
export const NOTHING: Type = { nothing: true }
export const NULL: Type = { null: true }
export const BOOLEAN: Type = { boolean: true }
export const NUMBER: Type = { number: true }
export const INTEGER: Type = { number: 'integer' }
export const STRING: Type = { string: true }

export const listOf = (item: Type): Type => ({ array: item })

export const oneOf = (texts: Iterable<string>): Type => ({ string: new Set(texts) })

/** An object type with only these members. */
export const objectOf = (
  fields: Readonly<Record<string, Field['type'] | Field>>,
  rest: ObjectType['rest'] = 'none',
): Type => ({
  object: {
    fields: new Map(
      Object.entries(fields).map(([name, one]) => [name, isField(one) ? one : { type: one }] as const),
    ),
    rest,
  },
})

const isField = (one: Field['type'] | Field): one is Field => typeof one === 'object' && 'type' in one

/** The most constants of one kind in a union. */
const MOST_CONSTANTS = 200
/** The most function types in a union. */
const MOST_FUNCTIONS = 4

/** The union of two types. */
export function join(one: Type, other: Type): Type {
  if (one === other || other === NEVER) return one
  if (one === NEVER) return other
  if (one.any || other.any) return ANY
  const functions = [...new Set([...(one.function ?? []), ...(other.function ?? [])])]
  if (functions.length > MOST_FUNCTIONS) return ANY
  return compact({
    nothing: one.nothing ?? other.nothing,
    null: one.null ?? other.null,
    boolean: joinConstants(one.boolean, other.boolean),
    number: joinNumbers(one.number, other.number),
    string: joinConstants(one.string, other.string),
    array: one.array && other.array ? join(one.array, other.array) : (one.array ?? other.array),
    object: joinObjects(one.object, other.object),
    function: functions.length > 0 ? functions : undefined,
  })
}

export const joinAll = (types: Iterable<Type>): Type => {
  let all: Type = NEVER
  for (const one of types) all = join(all, one)
  return all
}

type Loose = { [Kind in keyof Type]: Type[Kind] | undefined }

/** Removes the kinds that are undefined. */
export function compact(type: Loose): Type {
  const kept: Record<string, unknown> = {}
  for (const [kind, one] of Object.entries(type)) if (one !== undefined) kept[kind] = one
  return kept
}

type Constants<T> = true | ReadonlySet<T> | undefined

function joinConstants<T>(one: Constants<T>, other: Constants<T>): Constants<T> {
  if (one === undefined || other === undefined) return one ?? other
  if (one === true || other === true) return true
  const all = one.union(other)
  return all.size > MOST_CONSTANTS ? true : all
}

function joinNumbers(one: Type['number'], other: Type['number']): Type['number'] {
  if (one === undefined || other === undefined) return one ?? other
  if (typeof one === 'object' && typeof other === 'object') return joinConstants(one, other)
  return isWhole(one) && isWhole(other) ? 'integer' : true
}

const isWhole = (one: NonNullable<Type['number']>): boolean =>
  one === 'integer' || (one !== true && [...one].every(Number.isInteger))

function joinObjects(one: ObjectType | undefined, other: ObjectType | undefined): ObjectType | undefined {
  if (!one || !other || one === other) return one ?? other
  const names = new Set([...one.fields.keys(), ...other.fields.keys()])
  const fields = [...names].map(
    (name) => [name, joinFields(fieldIn(one, name), fieldIn(other, name))] as const,
  )
  return { fields: new Map(fields), rest: joinRests(one.rest, other.rest) }
}

/** The declared member, or one of the rest; undefined if the object cannot have it. */
export function fieldIn({ fields, rest }: ObjectType, name: string): Field | undefined {
  return fields.get(name) ?? (typeof rest === 'object' ? { type: rest, optional: true } : undefined)
}

function joinFields(one: Field | undefined, other: Field | undefined): Field {
  if (!one || !other) return { type: (one ?? other)?.type ?? ANY, optional: true }
  const optional = Boolean(one.optional || other.optional)
  if (one.type === other.type) return { type: one.type, optional }
  if (typeof one.type === 'object' && typeof other.type === 'object')
    return { type: join(one.type, other.type), optional }
  return { type: once(() => join(typeOf(one), typeOf(other))), optional }
}

function joinRests(one: ObjectType['rest'], other: ObjectType['rest']): ObjectType['rest'] {
  if (typeof one === 'object') return typeof other === 'object' ? join(one, other) : one
  if (typeof other === 'object') return other
  return one === 'undeclared' ? one : other
}

/** The type of a member, if it is present. */
export const typeOf = ({ type }: Field): Type => (typeof type === 'function' ? type() : type)

/** A memoized function. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** The type without "nothing". */
export const withoutNothing = (type: Type): Type => {
  if (!type.nothing) return type
  const { nothing: _nothing, ...rest } = type
  return rest
}

export const orNothing = (type: Type): Type => (type.any || type.nothing ? type : { ...type, nothing: true })

/** The type without lists. */
export const withoutLists = (type: Type): Type => {
  if (!type.array) return type
  const { array: _array, ...rest } = type
  return rest
}

/** Whether the type has no values: then there is nothing to complain about. */
export const isEmpty = (type: Type): boolean => Object.keys(type).every((kind) => kind === 'nothing')

/** The type of one literal value, with its constants. */
export function typeOfValue(value: Json): Type {
  if (value === null) return NULL
  if (typeof value === 'boolean') return { boolean: new Set([value]) }
  if (typeof value === 'number') return { number: new Set([value]) }
  if (typeof value === 'string') return { string: new Set([value]) }
  if (Array.isArray(value)) return listOf(joinAll(value.map(typeOfValue)))
  if (!isJsonObject(value)) return ANY
  return objectOf(
    Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, { type: typeOfValue(one as Json) }]),
    ),
  )
}
