/**
 * Types of values, as far as schemas and expressions tell them before anything runs.
 *
 * A type is a union with one place for each kind of value (null, boolean, number, text, list, object, function), and one for "nothing",
 * which an expression finds where a member is absent. Unions of objects are one object whose members are those of all of them, and unions
 * of lists one list: types may become larger than they are, never smaller.
 *
 * Invariants (tests cite them):
 * types/Q1 a value that a JSON Schema accepts is in the schema's type, and so is the result of an expression in the expression's type
 * types/Q2 a complaint is true of every value that can be found at its place: none of them fits. Nothing found is no value, and an empty
 *    list has no items, so neither silences a complaint about the values that are there
 * types/Q3 what is not known is `any`, about which there are no complaints
 * types/Q4 a member is unknown where no alternative declares it. A schema with `properties` and without `additionalProperties` declares
 *    just those, although it accepts others; what is to have other members says `additionalProperties: true`
 * types/Q5 the check ends: each expression has a bounded number of inferences, beyond which its type is `any`
 */
import { isJsonObject, type Json } from '../../domain/json.ts'

export type Type = Readonly<{
  /** Not known: every value, and nothing. No other member counts then. */
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
  /** Members beside `fields`: none, those of this type, or `undeclared` (types/Q4). */
  rest: 'none' | 'undeclared' | Type
  /** Written down as an object, so that a member that is not taken is a mistake. */
  isWritten?: true
}>

/** `type` may be computed when it is read: the outputs of steps depend on one another. */
export type Field = Readonly<{ type: Type | (() => Type); optional?: boolean }>

/** A function: the type of its result by those of its arguments; `arity` is the number of its parameters. */
export type Callable = Readonly<{ arity: number; call(args: readonly Type[]): Type }>

export const ANY: Type = { any: true }
/** No value at all: an expression that always throws. */
export const NEVER: Type = {}
export const NOTHING: Type = { nothing: true }
export const NULL: Type = { null: true }
export const BOOLEAN: Type = { boolean: true }
export const NUMBER: Type = { number: true }
export const INTEGER: Type = { number: 'integer' }
export const STRING: Type = { string: true }

export const listOf = (item: Type): Type => ({ array: item })

export const oneOf = (texts: Iterable<string>): Type => ({ string: new Set(texts) })

/** An object with just these members. */
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

/** The most constants of one kind that a union keeps apart. */
const MOST_CONSTANTS = 200
/** The most functions that a value may be. */
const MOST_FUNCTIONS = 4

/** The type of the values of both. */
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

/** A type without the kinds that it does not have. */
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

/** A declared member, or those of the rest; undefined where the object has none. */
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

/** The type of a member's value, where it is there. */
export const typeOf = ({ type }: Field): Type => (typeof type === 'function' ? type() : type)

/** A function whose result is computed at its first call. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** Every kind but "nothing". */
export const withoutNothing = (type: Type): Type => {
  if (!type.nothing) return type
  const { nothing: _nothing, ...rest } = type
  return rest
}

export const orNothing = (type: Type): Type => (type.any || type.nothing ? type : { ...type, nothing: true })

/** Every kind but lists. */
export const withoutLists = (type: Type): Type => {
  if (!type.array) return type
  const { array: _array, ...rest } = type
  return rest
}

/** Whether no value, not even an unknown one, can be of this type: there is nothing to complain about. */
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
