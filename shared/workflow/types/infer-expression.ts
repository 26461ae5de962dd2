import { isJsonObject } from '../../domain/json.ts'
import type { Node } from '../parse-expression.ts'
import { functionNamed, inferApply, inferCall, inferLambda, inferPartial } from './infer-call.ts'
import { inferBinary, inferNegation } from './infer-operator.ts'
import { filtered, inferPath, itemsOf, mayBeList, memberOf, membersIn, sequenceOf } from './infer-path.ts'
import { type Complaint, frameIn, type Inference, NO_CONTEXT, type Place } from './inference.ts'
import {
  ANY,
  type Field,
  isEmpty,
  join,
  joinAll,
  listOf,
  NEVER,
  NOTHING,
  orNothing,
  type Type,
  typeOfValue,
  withoutNothing,
} from './type.ts'

export type Inferred = { type: Type; complaints: Complaint[] }

/** The most nodes that the inference of one expression visits, including the bodies of called functions (types/Q5). */
const MOST_VISITS = 5_000
const MOST_CALLS_DEEP = 12
/**
 * The most complaints of one expression that are reported: each one's suggestions are searched among all known names.
 */
const MOST_COMPLAINTS = 50

/** The type of an expression's result, given the types of its variables; undefined stands for an unknown type. */
export function inferExpression(tree: Node, variables: (name: string) => Type | undefined): Inferred {
  const complaints = new Map<string, Complaint>()
  let [visits, told] = [0, 0]
  const run: Inference = {
    complain: (one) => {
      told += 1
      const key = `${one.code} ${one.message}`
      if (!complaints.has(key)) complaints.set(key, one)
    },
    isFull: () => told >= MOST_COMPLAINTS,
    goOn: () => visits++ < MOST_VISITS && run.depth < MOST_CALLS_DEEP,
    unsure: boundTwiceIn(tree, variables),
    depth: 0,
  }
  const frame = frameIn({ lookup: (name) => (run.unsure.has(name) ? ANY : variables(name)) }, run)
  const type = infer(tree, { context: NO_CONTEXT, frame, run })
  return { type, complaints: [...complaints.values()] }
}

/** Names that are bound by several `:=`, and workflow variables or parameters that are bound again. */
function boundTwiceIn(tree: Node, variables: (name: string) => Type | undefined): Set<string> {
  const bound = bindingsIn(tree)
  if (bound.size === 0) return NONE
  const names = [...bound].filter(([name, times]) => times > 1 || variables(name) !== undefined)
  return new Set(names.map(([name]) => name))
}

const NONE = new Set<string>()
const bindings = new WeakMap<Node, ReadonlyMap<string, number>>()

/** How often each name is bound by `:=`; a name that is also a parameter counts twice. Cached by syntax tree. */
function bindingsIn(tree: Node): ReadonlyMap<string, number> {
  const known = bindings.get(tree)
  if (known) return known
  const bound = new Map<string, number>()
  const parameters = new Set<string>()
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit)
    if (!isJsonObject(value)) return
    if (value.type === 'bind') {
      const name = String((value.lhs as Node).value)
      bound.set(name, (bound.get(name) ?? 0) + 1)
    }
    if (value.type === 'lambda')
      for (const parameter of value.arguments as Node[]) parameters.add(String(parameter.value))
    Object.values(value).forEach(visit)
  }
  visit(tree)
  for (const name of parameters) if (bound.has(name)) bound.set(name, 2)
  bindings.set(tree, bound)
  return bound
}

/** The type of a node, including its predicates in brackets. */
export function infer(node: Node, place: Place): Type {
  if (!place.run.goOn()) return ANY
  let type = inferNode(node, place)
  const { predicate, group } = node
  for (const { expr } of (Array.isArray(predicate) ? predicate : []) as { expr: Node }[])
    type = filtered(infer, type, expr, place)
  if (isJsonObject(group) && node.type !== 'path') {
    const items = itemsOf(type)
    type = inferObject((group as Node).lhs as Node[][], items, mayBeList(type), place)
  }
  return type
}

function inferNode(node: Node, place: Place): Type {
  const { context, frame } = place
  switch (node.type) {
    case 'string':
    case 'number':
    case 'value':
      return typeOfValue(node.value as string | number | boolean | null)
    case 'name':
      return memberOf(context, String(node.value), place)
    case 'variable':
      return inferVariable(String(node.value), place)
    case 'path':
      return inferPath(node, place, infer, inferObject)
    case 'binary':
      return inferBinary(node, place, infer)
    case 'unary':
      return inferUnary(node, place)
    case 'condition':
      return inferCondition(node, place)
    case 'block': {
      const inside = { ...place, frame: frameIn(frame, place.run) }
      return (node.expressions as Node[]).map((one) => infer(one, inside)).at(-1) ?? NOTHING
    }
    case 'bind': {
      const type = infer(node.rhs as Node, place)
      frame.bind(String((node.lhs as Node).value), type)
      return type
    }
    case 'function':
      return inferCall(node, place, infer)
    case 'apply':
      return inferApply(node, place, infer)
    case 'lambda':
      return inferLambda(node, place, infer)
    case 'partial':
      return inferPartial(node, place, infer)
    case 'wildcard':
      return sequenceOf(membersIn(context))
    default:
      // Not inferred: regular expressions, transformations, `**` and `%`.
      return ANY
  }
}

function inferVariable(name: string, place: Place): Type {
  if (name === '') return place.context
  if (name === '$') return NO_CONTEXT
  return place.frame.lookup(name) ?? functionNamed(name, place) ?? ANY
}

function inferCondition(node: Node, place: Place): Type {
  infer(node.condition as Node, place)
  const then = infer(node.then as Node, place)
  return join(then, node.else === undefined ? NOTHING : infer(node.else as Node, place))
}

function inferUnary(node: Node, place: Place): Type {
  if (node.value === '-') return inferNegation(node, place, infer)
  if (node.value === '[') return inferList(node, place)
  const { context } = place
  return inferObject(node.lhs as Node[][], itemsOf(context), mayBeList(context), place)
}

/**
 * The type of a list constructor: members that are lists are flattened, unless they are list constructors themselves.
 */
function inferList(node: Node, place: Place): Type {
  const members = (node.expressions as Node[]).map((one) => {
    const type = infer(one, place)
    return one.value === '[' ? type : itemsOf(type)
  })
  return listOf(joinAll(members.map(withoutNothing)))
}

/**
 * The type of an object constructor with `pairs` of names and values, for `items`; with `isMany` it groups many items
 * by name.
 */
function inferObject(pairs: readonly Node[][], items: Type, isMany: boolean, place: Place): Type {
  const each = { ...place, context: items }
  const group = { ...place, context: isMany ? orNothing(join(items, listOf(items))) : items }
  const fields = new Map<string, Field>()
  let rest: Type | undefined
  for (const [key, value] of pairs) {
    const name = infer(key as Node, each)
    const type = infer(value as Node, group)
    if (!name.any && !name.string && !isEmpty(name))
      place.run.complain({ code: 'wrong-type', message: 'the name of a member is no text' })
    const isCertain = typeof name.string === 'object' && !name.any && !name.nothing && name.string.size === 1
    const found = withoutNothing(type)
    const optional = Boolean(type.nothing || type.any) || !isCertain
    if (typeof name.string !== 'object' || name.any) rest = join(rest ?? NEVER, found)
    else
      for (const one of name.string)
        fields.set(one, fields.has(one) ? { type: ANY, optional: true } : { type: found, optional })
  }
  return { object: { fields, rest: rest ?? 'none', isWritten: true } }
}
