import type { Node } from '../parse-expression.ts'
import { FUNCTION_TYPES } from './function-types.ts'
import { frameOfCall, type Infer, type Place } from './inference.ts'
import { misfitOfArguments, parametersOf, withContext } from './signature.ts'
import { ANY, type Callable, isEmpty, joinAll, type Type } from './type.ts'

/** The type of `$f(a, b)`; `first` is the argument that `x ~> $f(a)` puts before the others. */
export function inferCall(node: Node, place: Place, infer: Infer, first?: Type): Type {
  const own = (node.arguments as Node[]).map((one) => infer(one, place))
  const args = first ? [first, ...own] : own
  const procedure = node.procedure as Node
  const name = procedure.type === 'variable' ? String(procedure.value) : ''
  if (place.frame.lookup(name) === undefined && Object.hasOwn(FUNCTION_TYPES, name))
    return callNamed(name, args, place)
  return callAny(infer(procedure, place), args, place)
}

function callNamed(name: string, given: readonly Type[], place: Place): Type {
  const known = FUNCTION_TYPES[name]
  if (!known) return ANY
  const args = withContext(known.signature, given, place.context)
  const misfit = misfitOfArguments(name, known.signature, args)
  if (misfit === undefined) return within(place, () => known.result(args))
  place.run.complain({ code: 'wrong-type', message: misfit })
  return ANY
}

/**
 * The type of a call of a computed function. If it is not known, callbacks among the arguments are still checked, with
 * `any` arguments.
 */
function callAny(type: Type, args: readonly Type[], place: Place): Type {
  if (!type.any && type.function) {
    const { function: callables } = type
    return within(place, () => joinAll(callables.map((one) => one.call(args))))
  }
  for (const arg of args)
    for (const one of arg.function ?? []) within(place, () => one.call([ANY, ANY, ANY, ANY]))
  return ANY
}

/** Bounds recursion: beyond a depth the result of a call is `any` (types/Q5). */
function within({ run }: Place, call: () => Type): Type {
  if (!run.goOn()) return ANY
  run.depth += 1
  try {
    return call()
  } finally {
    run.depth -= 1
  }
}

/** The type of a built-in function used as a value, as in `$map(x, $uppercase)`; undefined for other names. */
export function functionNamed(name: string, place: Place): Type | undefined {
  const known = Object.hasOwn(FUNCTION_TYPES, name) ? FUNCTION_TYPES[name] : undefined
  if (!known) return undefined
  const arity = parametersOf(known.signature).length
  return { function: [{ arity, call: (args) => callNamed(name, args.slice(0, arity), place) }] }
}

export function inferLambda(node: Node, place: Place, infer: Infer): Type {
  if (node.thunk) return infer(node.body as Node, place)
  const parameters = (node.arguments as Node[]).map(({ value }) => String(value))
  const callable: Callable = {
    arity: parameters.length,
    call: (args) =>
      infer(node.body as Node, { ...place, frame: frameOfCall(place.frame, place.run, parameters, args) }),
  }
  return { function: [callable] }
}

/** The type of `x ~> $f`, `x ~> $f(a)`, and of the composition of two functions. */
export function inferApply(node: Node, place: Place, infer: Infer): Type {
  const [left, right] = [node.lhs, node.rhs] as [Node, Node]
  const first = infer(left, place)
  if (right.type === 'function') return inferCall(right, place, infer, first)
  const called = infer(right, place)
  if (first.any || first.function) return ANY
  if (!called.any && !called.function && !isEmpty(called)) return ANY
  return callAny(called, [first], place)
}

/** The type of `$f(?, a)`: a function whose result type is not inferred. */
export function inferPartial(node: Node, place: Place, infer: Infer): Type {
  const args = node.arguments as Node[]
  for (const one of args) if (one.type !== 'operator') infer(one, place)
  const arity = args.filter(({ type }) => type === 'operator').length
  return { function: [{ arity, call: () => ANY }] }
}
