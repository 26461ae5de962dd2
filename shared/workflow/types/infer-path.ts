import { suggestNames } from '../../domain/nearest-names.ts'
import type { Node } from '../parse-expression.ts'
import { describeType, namesOf } from './describe-type.ts'
import { type Infer, NO_CONTEXT, type Place } from './inference.ts'
import {
  ANY,
  fieldIn,
  isEmpty,
  join,
  joinAll,
  listOf,
  NEVER,
  NOTHING,
  orNothing,
  type Type,
  withoutLists,
  withoutNothing,
} from './type.ts'
import { readField } from './type-of-schema.ts'

type InferObject = (pairs: readonly Node[][], items: Type, isMany: boolean, place: Place) => Type

/** The item type of a list; any other value counts as its own only item. */
export const itemsOf = (type: Type): Type =>
  type.array ? join(withoutLists(withoutNothing(type)), withoutNothing(type.array)) : withoutNothing(type)

export const mayBeList = (type: Type): boolean => Boolean(type.any || type.array)

/** The type of a JSONata sequence of items: nothing, a single item, or a list. */
export const sequenceOf = (item: Type): Type => {
  const found = withoutNothing(item)
  return found.any ? ANY : orNothing(join(found, listOf(found)))
}

/** The values that a path step yields: at most one, or many. */
type Sequence = { item: Type; isMany: boolean }

export function inferPath(node: Node, place: Place, infer: Infer, inferObject: InferObject): Type {
  const steps = node.steps as Node[]
  if (node.tuple || steps.some(bindsMore)) return ANY
  const [first] = steps
  const { context } = place
  let sequence: Sequence = { item: context, isMany: false }
  if (mayBeList(context) && first?.type !== 'variable') sequence = { item: itemsOf(context), isMany: true }
  let isNothing = false
  let result: Type = NOTHING
  for (const [at, step] of steps.entries()) {
    const found = inferStep(step, at, sequence, { ...place, named: pathTo(steps, at) }, infer)
    isNothing ||= Boolean(found.type.nothing || found.type.any)
    result = sequence.isMany || found.isMany ? sequenceOf(found.item) : found.type
    sequence = { item: found.item, isMany: sequence.isMany || found.isMany || mayBeList(found.type) }
  }
  if (node.keepSingletonArray && !result.any) result = orNothing(listOf(itemsOf(result)))
  if (isNothing) result = orNothing(result)
  if (!node.group) return result
  return inferObject((node.group as Node).lhs as Node[][], itemsOf(result), mayBeList(result), place)
}

/** `@$x`, `#$i` and `%` bind further values along a path; those are not inferred. */
const bindsMore = ({ tuple, focus, index, ancestor, type }: Node): boolean =>
  Boolean(tuple || focus || index || ancestor) || type === 'parent'

type Found = { type: Type; item: Type; isMany: boolean }
type Named = Place & { named: string; position?: number }

function inferStep(step: Node, at: number, { item, isMany }: Sequence, place: Named, infer: Infer): Found {
  const each = { ...place, context: isMany ? withoutNothing(item) : item }
  const stages = (Array.isArray(step.stages) ? step.stages : []) as { expr: Node }[]
  if (step.type === 'sort') {
    for (const { expression } of step.terms as { expression: Node }[]) infer(expression, each)
    const sorted = stages.reduce((type, { expr }) => filtered(infer, type, expr, place), listOf(each.context))
    return { type: sorted, item: itemsOf(sorted), isMany: true }
  }
  const whole = at === 0 && step.consarray ? { ...place, context: item } : each
  const own =
    step.type === 'name'
      ? memberOf(whole.context, String(step.value), { ...place, position: Number(step.position) })
      : infer(step, whole)
  const type = stages.reduce((before, { expr }) => filtered(infer, before, expr, place), own)
  // A list constructor as the last step is kept as it is.
  const isKept = step.consarray && at > 0
  return { type, item: isKept ? withoutNothing(type) : itemsOf(type), isMany: false }
}

/** The type of `value[predicate]`. */
export function filtered(infer: Infer, type: Type, predicate: Node, place: Place): Type {
  const item = itemsOf(type)
  if (predicate.type === 'number') return orNothing(item)
  infer(predicate, { ...place, context: item })
  return sequenceOf(item)
}

/** The source text of a path's first steps, for messages; empty when they are not only names. */
function pathTo(steps: readonly Node[], at: number): string {
  const parts = steps.slice(0, at).map(({ type, value }) => {
    if (type === 'variable') return `$${String(value)}`
    return type === 'name' ? String(value) : undefined
  })
  return parts.includes(undefined) ? '' : parts.join('.')
}

/**
 * The type of the member `name` of a value, or of each item of a list. Complains when no alternative has it (types/Q4).
 */
export function memberOf(
  type: Type,
  name: string,
  place: Place & { named?: string; position?: number },
): Type {
  const found = findMember(type, name)
  if (found) return found
  if (isEmpty(type) || isEmpty(withoutNull(type)) || type.function || place.run.isFull()) return ANY
  // JSONata's node records the position at which the name ends.
  const at = Math.max(0, (place.position ?? 0) - name.length)
  place.run.complain({ code: 'unknown-field', message: unknownMember(type, name, place), at })
  return ANY
}

const withoutNull = ({ null: _null, ...rest }: Type): Type => rest

/** The type of a member; undefined when no alternative has it. */
export function findMember(type: Type, name: string): Type | undefined {
  if (type.any) return ANY
  const field = type.object && fieldIn(type.object, name)
  const own = field && readField(field)
  const ofItems = type.array && !isEmpty(type.array) ? findMember(type.array, name) : undefined
  const inItems = ofItems && sequenceOf(itemsOf(ofItems))
  if (!own && !inItems) return type.array && isEmpty(type.array) ? NOTHING : undefined
  const others = Object.keys(type).some((kind) => kind !== 'object')
  const all = join(own ?? NEVER, inItems ?? NEVER)
  return others ? orNothing(all) : all
}

function unknownMember(
  type: Type,
  name: string,
  { context, named, frame }: Place & { named?: string },
): string {
  const what = named ? `${named} has no "${name}"` : `there is no "${name}"`
  if (type === NO_CONTEXT && context === NO_CONTEXT) {
    const isVariable = frame.lookup(name) !== undefined
    return isVariable
      ? `"${name}" is read of nothing; the variable is written "$${name}"`
      : `"${name}" is read of nothing: a path begins with a variable, such as $input.${name}; a text is written '${name}'`
  }
  const item = itemsOf(type)
  if (!item.object) return `${named ? `${named}.${name}` : `"${name}"`}: ${describeType(item)} has no members`
  return `${what}${suggestNames(name, namesOf(item))}`
}

const members = new WeakMap<Type, Type>()

/** The type of the values of all members, with lists flattened. Cached, because `$steps.*` may have many steps. */
export function membersIn(type: Type): Type {
  if (type.any) return ANY
  const known = members.get(type)
  if (known) return known
  const found = findMembers(type)
  members.set(type, found)
  return found
}

function findMembers(type: Type): Type {
  const { object } = type
  const ofObject = object ? [...object.fields.values()].map((field) => itemsOf(readField(field))) : []
  const rest =
    object?.rest === 'undeclared' ? ANY : typeof object?.rest === 'object' ? itemsOf(object.rest) : NEVER
  return deepItems(joinAll([...ofObject, rest, type.array ?? NEVER]))
}

/** The item type of nested lists, flattened. */
function deepItems(type: Type): Type {
  let item = type
  for (let depth = 0; item.array && depth < MOST_NESTED; depth++) item = itemsOf(item)
  return item.array ? ANY : item
}

const MOST_NESTED = 8
