import { findMember, itemsOf, membersIn, sequenceOf } from './infer-path.ts'
import {
  ANY,
  BOOLEAN,
  type Field,
  INTEGER,
  isEmpty,
  join,
  joinAll,
  listOf,
  NEVER,
  NOTHING,
  NUMBER,
  type ObjectType,
  objectOf,
  oneOf,
  orNothing,
  STRING,
  type Type,
  withoutLists,
  withoutNothing,
} from './type.ts'

/**
 * A function of JSONata: its signature in JSONata's notation, and its result type as a function of the argument types.
 */
type FunctionType = { signature: string; result: (args: readonly Type[]) => Type }

const always = (type: Type) => () => type
/** Most functions return nothing when their first argument is nothing. */
const found = (type: Type) => always(orNothing(type))

const text = (signature: string): FunctionType => ({ signature, result: found(STRING) })
const number = (signature: string): FunctionType => ({ signature, result: found(NUMBER) })
const whole = (signature: string): FunctionType => ({ signature, result: found(INTEGER) })

/** The same list in another order, or with fewer items. */
const sameItems = ([list = ANY]: readonly Type[]): Type => (list.any ? ANY : orNothing(listOf(itemsOf(list))))

const PARTS_OF_MATCH = objectOf({ match: STRING, index: INTEGER, groups: listOf(ANY) })
const KINDS_OF_VALUES = ['null', 'number', 'string', 'boolean', 'array', 'function', 'object']

/** By name; every function that an expression may call. */
export const FUNCTION_TYPES: Readonly<Record<string, FunctionType>> = {
  sum: number('<a<n>:n>'),
  count: { signature: '<a:n>', result: always(INTEGER) },
  max: number('<a<n>:n>'),
  min: number('<a<n>:n>'),
  average: number('<a<n>:n>'),
  string: text('<x-b?:s>'),
  substring: text('<s-nn?:s>'),
  substringBefore: text('<s-s:s>'),
  substringAfter: text('<s-s:s>'),
  lowercase: text('<s-:s>'),
  uppercase: text('<s-:s>'),
  length: whole('<s-:n>'),
  trim: text('<s-:s>'),
  pad: text('<s-ns?:s>'),
  match: { signature: '<s-f<s:o>n?:a<o>>', result: always(sequenceOf(PARTS_OF_MATCH)) },
  contains: { signature: '<s-(sf):b>', result: found(BOOLEAN) },
  replace: text('<s-(sf)(sf)n?:s>'),
  split: { signature: '<s-(sf)n?:a<s>>', result: found(listOf(STRING)) },
  join: text('<a<s>s?:s>'),
  formatNumber: text('<n-so?:s>'),
  formatBase: text('<n-n?:s>'),
  formatInteger: text('<n-s:s>'),
  parseInteger: number('<s-s:n>'),
  number: number('<(nsb)-:n>'),
  floor: whole('<n-:n>'),
  ceil: whole('<n-:n>'),
  round: number('<n-n?:n>'),
  abs: number('<n-:n>'),
  sqrt: number('<n-:n>'),
  power: number('<n-n:n>'),
  random: { signature: '<n?:n>', result: always(NUMBER) },
  boolean: { signature: '<x-:b>', result: found(BOOLEAN) },
  not: { signature: '<x-:b>', result: found(BOOLEAN) },
  map: {
    signature: '<af>',
    result: ([list = ANY, f = ANY]) => sequenceOf(called(f, [itemsOf(list), INTEGER, list])),
  },
  zip: { signature: '<a+>', result: (lists) => listOf(listOf(joinAll(lists.map(itemsOf)))) },
  filter: {
    signature: '<af>',
    result: ([list = ANY, f = ANY]) => {
      called(f, [itemsOf(list), INTEGER, list])
      return sequenceOf(itemsOf(list))
    },
  },
  single: {
    signature: '<af?>',
    result: ([list = ANY, f]) => {
      if (f) called(f, [itemsOf(list), INTEGER, list])
      return orNothing(itemsOf(list))
    },
  },
  reduce: { signature: '<afj?:j>', result: ([list = ANY, f = ANY, init]) => reduced(list, f, init) },
  sift: {
    signature: '<o-f?:o>',
    result: ([object = ANY, f]) => {
      if (f) called(f, [membersOf(object), STRING, object])
      return orNothing(sifted(object))
    },
  },
  keys: { signature: '<x-:a<s>>', result: always(sequenceOf(STRING)) },
  lookup: { signature: '<x-s:x>', result: ([object = ANY, name = ANY]) => lookedUp(object, name) },
  append: { signature: '<xx:a>', result: ([one = NOTHING, other = NOTHING]) => appended(one, other) },
  exists: { signature: '<x:b>', result: always(BOOLEAN) },
  spread: { signature: '<x-:a<o>>', result: always(ANY) },
  merge: { signature: '<a<o>:o>', result: ([list = ANY]) => orNothing(sifted(itemsOf(list))) },
  reverse: { signature: '<a:a>', result: sameItems },
  each: {
    signature: '<o-f:a>',
    result: ([object = ANY, f = ANY]) => sequenceOf(called(f, [membersOf(object), STRING, object])),
  },
  error: { signature: '<s?:x>', result: always(NEVER) },
  assert: { signature: '<bs?:x>', result: always(NOTHING) },
  type: { signature: '<x:s>', result: found(oneOf(KINDS_OF_VALUES)) },
  sort: {
    signature: '<af?:a>',
    result: ([list = ANY, f]) => {
      if (f) called(f, [itemsOf(list), itemsOf(list)])
      return sameItems([list])
    },
  },
  shuffle: { signature: '<a:a>', result: sameItems },
  distinct: { signature: '<x:x>', result: ([list = ANY]) => orNothing(join(list, itemsOf(list))) },
  base64encode: text('<s-:s>'),
  base64decode: text('<s-:s>'),
  encodeUrlComponent: text('<s-:s>'),
  encodeUrl: text('<s-:s>'),
  decodeUrlComponent: text('<s-:s>'),
  decodeUrl: text('<s-:s>'),
  toMillis: number('<s-s?:n>'),
  fromMillis: text('<n-s?s?:s>'),
  clone: { signature: '<(oa)-:o>', result: ([value = ANY]) => orNothing(value) },
  now: { signature: '<s?s?:s>', result: always(STRING) },
  millis: { signature: '<:n>', result: always(INTEGER) },
  parse: { signature: '<s:x>', result: always(ANY) },
  hash: { signature: '<xs?:s>', result: found(STRING) },
  range: { signature: '<nnn:a>', result: found(listOf(NUMBER)) },
  partition: { signature: '<an:a>', result: ([list = ANY]) => orNothing(listOf(listOf(itemsOf(list)))) },
  uuid: { signature: '<:s>', result: always(STRING) },
}

/** The result type of a callback, which is called with as many arguments as it has parameters. */
function called(type: Type, args: readonly Type[]): Type {
  if (type.any || !type.function) return ANY
  return joinAll(type.function.map((one) => one.call(args.slice(0, Math.max(1, one.arity)))))
}

/**
 * The result type of `$reduce`: the callback's result joins the initial value, for two rounds; a type that still grows
 * is `any`.
 */
function reduced(list: Type, f: Type, init: Type | undefined): Type {
  const item = itemsOf(list)
  let sum = init && !isEmpty(init) ? init : item
  if (init?.nothing) sum = join(sum, item)
  for (let round = 0; round < 2; round++) {
    const next = called(f, [withoutNothing(sum), item, INTEGER, list])
    if (isWithin(next, sum)) return orNothing(sum)
    sum = widened(join(sum, next))
  }
  return ANY
}

/** Whether joining `next` to `sum` would leave `sum` unchanged; compares plain kinds only. */
function isWithin(next: Type, sum: Type): boolean {
  if (sum.any) return true
  if (next.any) return false
  return Object.entries(next).every(([kind, one]) => {
    const own = sum[kind as keyof Type]
    return own === one || own === true || (kind === 'number' && own !== undefined && one === own)
  })
}

/** The type without constants, which would otherwise grow by one in each round. */
function widened(type: Type): Type {
  if (type.any) return ANY
  return {
    ...type,
    ...(type.boolean ? { boolean: true } : {}),
    ...(type.number ? { number: true } : {}),
    ...(type.string ? { string: true } : {}),
  }
}

/** The type of the value of any member. */
function membersOf(object: Type): Type {
  const { object: own } = object
  if (object.any || !own || own.rest === 'undeclared') return ANY
  const rest = typeof own.rest === 'object' ? own.rest : NEVER
  const fields = [...own.fields.values()].map(({ type }) => (typeof type === 'function' ? type() : type))
  return joinAll([...fields, rest])
}

const siftedObjects = new WeakMap<ObjectType, Type>()

/** The object with all members optional, for `$sift`. */
function sifted(type: Type): Type {
  const { object } = type
  if (type.any || !object) return ANY
  const known = siftedObjects.get(object)
  if (known) return known
  const fields = [...object.fields].map(([name, one]): [string, Field] => [
    name,
    { type: one.type, optional: true },
  ])
  const made: Type = { object: { fields: new Map(fields), rest: object.rest } }
  siftedObjects.set(object, made)
  return made
}

/** The result type of `$lookup`, which may name an undeclared member: that returns nothing, and causes no complaint. */
function lookedUp(object: Type, name: Type): Type {
  if (typeof name.string !== 'object' || name.any) return object.any ? ANY : sequenceOf(membersIn(object))
  const members = [...name.string].map((one) => findMember(object, one) ?? ANY)
  return orNothing(joinAll(members))
}

function appended(one: Type, other: Type): Type {
  if (one.any || other.any) return ANY
  const both = listOf(join(itemsOf(one), itemsOf(other)))
  const alone = [one.nothing ? other : NEVER, other.nothing ? one : NEVER].map(withoutLists)
  return joinAll([both, ...alone])
}
