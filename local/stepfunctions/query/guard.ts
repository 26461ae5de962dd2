/**
 * JSONata 2.0.6 is the dialect that Step Functions accepts, and lets a path reach what JavaScript's values inherit (CVE-2026-77415).
 * Definitions are written by our compiler; this guards against all others.
 *
 * Invariants (tests cite them):
 * guard/Q1 a path names no member by which JavaScript reaches the host: refused when a definition is parsed; but for the id of a step
 *    behind `functions` or `steps`, which may be any
 * guard/Q2 nothing passes for a function that was written as data: JSONata knows its functions by marks that JSON can have too
 * guard/Q3 a path finds only what a value of JSON has itself, and nothing of a function, whatever its name
 * guard/Q4 a transformation changes data, and no function: those of JSONata are the same for all expressions
 */
import type jsonata from 'jsonata-asl'

type Node = Readonly<Record<string, unknown>>

const isRefused = (name: unknown): name is string =>
  typeof name === 'string' && (name.startsWith('__') || name === 'constructor' || name === 'prototype')

const MARKS = ['_jsonata_lambda', '_jsonata_function']
const checked = new WeakSet<object>()

/** guard/Q2. Throws where data has such a mark; what was looked at once is not looked at again. */
export function refuseMarks(value: unknown): void {
  if (typeof value !== 'object' || value === null || checked.has(value)) return
  const mark = MARKS.find((name) => Object.hasOwn(value, name))
  if (mark) throw new Error(`data has no member "${mark}"`)
  for (const member of Object.values(value)) refuseMarks(member)
  checked.add(value)
}

/** guard/Q1, and guard/Q2 in what an expression writes. Throws a SyntaxError that names what is refused. */
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

/** Members of an execution's input. */
const KEYED_BY_IDS = ['functions', 'steps']

const refused = (name: string): SyntaxError => new SyntaxError(`the name "${name.slice(0, 40)}" is refused`)

/** Whether it makes objects whose keys it makes too: then what its nodes give is looked at, which costs each of them a turn (guard/Q2). */
export function makesKeys(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(makesKeys)
  if (typeof value !== 'object' || value === null) return false
  const { type, value: own, lhs, group } = value as Node
  const isObject = type === 'unary' && own === '{'
  const pairs = [...(isObject ? (lhs as Node[][]) : []), ...(((group as Node)?.lhs as Node[][]) ?? [])]
  return pairs.some(([key]) => key?.type !== 'string') || Object.values(value).some(makesKeys)
}

/** guard/Q3. Called before each node is evaluated. */
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

/** `$lookup` takes names that are made up while it runs (guard/Q3). */
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

/** What `| pattern | ... |` is going to write into is looked at before (guard/Q4). No text that parses has a variable of that name. */
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
