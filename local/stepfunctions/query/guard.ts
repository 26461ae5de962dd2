/**
 * JSONata 2.0.6, the dialect of Step Functions, lets a path reach members inherited from JavaScript's prototypes (CVE-2026-77415).
 * Our compiler writes safe definitions; this guards against all others.
 *
 * Invariants (tests cite them):
 * guard/Q1 no path may name a member that leads to the JavaScript host: refused when a definition is parsed; except a step's id
 *    after `functions` or `steps`, which may be any name
 * guard/Q2 data is never mistaken for a function: JSONata recognizes its functions by members that JSON can have too
 * guard/Q3 a path finds only a JSON value's own members, and no members of functions, for any name
 * guard/Q4 a transformation changes data, never a function: JSONata's functions are shared by all expressions
 */
import type jsonata from 'jsonata-asl'

type Node = Readonly<Record<string, unknown>>

const isRefused = (name: unknown): name is string =>
  typeof name === 'string' && (name.startsWith('__') || name === 'constructor' || name === 'prototype')

const MARKS = ['_jsonata_lambda', '_jsonata_function']
const checked = new WeakSet<object>()

/** Throws for data that looks like a JSONata function (guard/Q2); checked values are not checked again. */
export function refuseMarks(value: unknown): void {
  if (typeof value !== 'object' || value === null || checked.has(value)) return
  const mark = MARKS.find((name) => Object.hasOwn(value, name))
  if (mark) throw new Error(`data has no member "${mark}"`)
  for (const member of Object.values(value)) refuseMarks(member)
  checked.add(value)
}

/** Checks names (guard/Q1), and object constructors (guard/Q2). Throws a SyntaxError with the refused name. */
export function refuseHostNames(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(refuseHostNames)
  if (typeof value !== 'object' || value === null) return
  const { type, value: own, steps, ...rest } = value as Node
  if (type === 'string' && MARKS.includes(String(own))) throw refused(String(own))
  if ((type === 'name' || type === 'variable') && isRefused(own)) throw refused(own)
  if (type !== 'path') return Object.values(value).forEach(refuseHostNames)
  for (const [at, step] of (steps as Node[]).entries()) {
    const isId = KEYED_BY_IDS.includes(String((steps as Node[])[at - 1]?.value))
    if (step.type === 'string' && !isId && isRefused(step.value)) throw refused(step.value)
    refuseHostNames(isId ? { ...step, value: undefined } : step)
  }
  Object.values(rest).forEach(refuseHostNames)
}

/** Members of an execution's input whose keys are step ids. */
const KEYED_BY_IDS = ['functions', 'steps']

const refused = (name: string): SyntaxError => new SyntaxError(`the name "${name.slice(0, 40)}" is refused`)

/** Whether it builds objects with computed keys: then the result of each node must be checked, which is costly (guard/Q2). */
export function makesKeys(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(makesKeys)
  if (typeof value !== 'object' || value === null) return false
  const { type, value: own, lhs, group } = value as Node
  const isObject = type === 'unary' && own === '{'
  const pairs = [...(isObject ? (lhs as Node[][]) : []), ...(((group as Node)?.lhs as Node[][]) ?? [])]
  return pairs.some(([key]) => key?.type !== 'string') || Object.values(value).some(makesKeys)
}

/** Called before each node is evaluated (guard/Q3). */
export function refuseHostObjects({ type, value }: Node, input: unknown): void {
  if (type === 'name') refuseInherited(input, String(value))
  if (type === 'wildcard' || type === 'descendant') refuseInherited(input)
}

function refuseInherited(input: unknown, name?: string): void {
  if (input === null || input === undefined) return
  if (Array.isArray(input)) {
    for (const member of input) refuseInherited(member, name)
  } else if (isFunction(input)) throw new Error('a function has no members')
  else if (name !== undefined && typeof input === 'object' && name in input && !Object.hasOwn(input, name)) {
    throw new Error(`"${name}" is no member of the data`)
  }
}

const isFunction = (value: unknown): boolean =>
  typeof value === 'function' ||
  (typeof value === 'object' &&
    value !== null &&
    ('_jsonata_lambda' in value || '_jsonata_function' in value))

/** Checks the names passed to `$lookup`, which are known only at run time (guard/Q3). */
export function guardLookup(expression: jsonata.Expression): void {
  const lookup = (value: unknown, name: string): unknown => {
    if (Array.isArray(value)) {
      const found = value.map((member) => lookup(member, name)).filter((member) => member !== undefined)
      return found.length > 1 ? found.flat() : found[0]
    }
    if (typeof value !== 'object' || value === null || isFunction(value)) return undefined
    return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
  }
  expression.registerFunction('lookup', lookup, '<x-s:x>')
}

const CHANGEABLE = ' changeable'

/** Checks the values that `| pattern | ... |` will modify (guard/Q4). The variable's name is one that no expression can contain. */
export function guardTransformation(expression: jsonata.Expression): void {
  refuseFunctionsIn(expression.ast())
  expression.assign(CHANGEABLE, {
    _jsonata_function: true,
    implementation: (matches: unknown): unknown => {
      if ((Array.isArray(matches) ? matches : [matches]).some(isFunction))
        throw new Error('a transformation changes data, and no function')
      return matches
    },
  })
}

function refuseFunctionsIn(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(refuseFunctionsIn)
  if (typeof value !== 'object' || value === null) return
  const node = value as Record<string, unknown>
  for (const member of Object.values(node)) refuseFunctionsIn(member)
  if (node.type !== 'transform') return
  const { pattern, position } = node
  const procedure: Node = { type: 'variable', value: CHANGEABLE, position }
  node.pattern = { type: 'function', value: '(', procedure, arguments: [pattern], position }
}
