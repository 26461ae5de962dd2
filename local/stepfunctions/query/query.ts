import jsonata from 'jsonata-asl'
import { QueryError } from '../run/state-error.ts'
import { registerFunctions } from './functions.ts'
import {
  guardLookup,
  guardTransformation,
  makesKeys,
  refuseHostNames,
  refuseHostObjects,
  refuseMarks,
} from './guard.ts'

export type Variables = Readonly<Record<string, unknown>>

const cache = new Map<string, jsonata.Expression>()
const MAX_CACHED = 10_000

/** `value` with each `{% %}` string evaluated; `names` is called only if there is one. Throws QueryError. */
export async function evaluate(value: unknown, names: () => Variables, field: string): Promise<unknown> {
  if (typeof value === 'string') return isExpression(value) ? query(value, names(), field) : value
  if (typeof value !== 'object' || value === null || !containsExpression(value)) return value
  if (Array.isArray(value)) {
    const members: unknown[] = []
    for (const [index, member] of value.entries())
      members.push(await evaluate(member, names, `${field}[${index}]`))
    return members
  }
  const result: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value))
    result[key] = await evaluate(member, names, `${field}/${key}`)
  return result
}

/** `list[]` permanently marks the array that it is applied to, so such an expression works on a copy. */
const MARKS = /\[\s*\]/

function unmarked(variables: Variables): Variables {
  const copied = Object.entries(variables).map(([name, value]) => [
    name,
    typeof value === 'function' ? value : structuredClone(value),
  ])
  return Object.fromEntries(copied) as Variables
}

/** About a second of evaluation: an endless expression must fail its execution, not block the process. */
const MAX_NODES = 1_000_000
const BUDGET = 'budget of the evaluation'
const ENTRY = Symbol.for('jsonata.__evaluate_entry')
const EXIT = Symbol.for('jsonata.__evaluate_exit')

function enter(
  node: Readonly<Record<string, unknown>>,
  input: unknown,
  environment: { lookup(name: string): unknown },
): void {
  refuseHostObjects(node, input)
  const isLeft = environment.lookup(BUDGET) as (() => boolean) | undefined
  if (isLeft && !isLeft()) throw new Error(`it takes more than ${MAX_NODES} steps; is it without end?`)
}

/** The syntax error of an expression; undefined for a valid one, and for a text that is no expression. */
export function syntaxProblem(text: string): string | undefined {
  if (!isExpression(text)) return undefined
  try {
    compile(text)
    return undefined
  } catch (error) {
    return typeof error === 'object' && error !== null && 'message' in error
      ? String(error.message)
      : String(error)
  }
}

const isExpression = (text: string): boolean => text.startsWith('{%') && text.endsWith('%}')

/** Templates without expressions are returned as they are; cached, because definitions do not change. */
const constants = new WeakMap<object, boolean>()
function containsExpression(value: object): boolean {
  const known = constants.get(value)
  if (known !== undefined) return known
  const found = Object.values(value).some((member: unknown) => {
    if (typeof member === 'string') return isExpression(member)
    return typeof member === 'object' && member !== null && containsExpression(member)
  })
  constants.set(value, found)
  return found
}

async function query(text: string, variables: Variables, field: string): Promise<unknown> {
  const subject = `The JSONata expression '${inner(text)}' specified for the field '${field}'`
  let result: unknown
  try {
    const given = MARKS.test(text) ? unmarked(variables) : variables
    for (const value of Object.values(given)) refuseMarks(value)
    let left = MAX_NODES
    result = await compile(text).evaluate(undefined, { ...given, [BUDGET]: () => left-- > 0 })
  } catch (error) {
    const reason = typeof error === 'object' && error !== null && 'message' in error ? error.message : error
    throw new QueryError(field, `${subject} threw an error during evaluation. ${String(reason)}`)
  }
  if (result === undefined) throw new QueryError(field, `${subject} returned nothing (undefined).`)
  if (typeof result === 'function' || isJsonataFunction(result)) {
    throw new QueryError(field, `${subject} returned an unsupported result type.`)
  }
  return plain(result)
}

/** JSONata marks its lambdas and built-in functions by a member. */
function isJsonataFunction(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ('_jsonata_lambda' in value || '_jsonata_function' in value)
  )
}

/** Throws QueryError when an evaluated field has the wrong type. */
export function requireType(
  value: unknown,
  type: 'array' | 'number' | 'boolean' | 'object',
  template: unknown,
  field: string,
): void {
  const actual = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  if (actual === type) return
  const found = `Expected '${type}', but was '${actual}' for value: ${JSON.stringify(value)}`
  const isQuery = typeof template === 'string' && isExpression(template)
  const subject = isQuery ? `The JSONata expression '${inner(template)}' specified for` : 'The value of'
  throw new QueryError(field, `${subject} the field '${field}' returned an unexpected result type. ${found}`)
}

const inner = (text: string): string => text.slice(2, -2).trim()

function compile(text: string): jsonata.Expression {
  const known = cache.get(text)
  if (known) return known
  const expression = jsonata(inner(text))
  refuseHostNames(expression.ast())
  guardTransformation(expression)
  registerFunctions(expression)
  guardLookup(expression)
  // JSONata's types allow only string names; its debugging hooks are bound by symbol.
  const hook = expression.assign as unknown as (name: symbol, hook: unknown) => void
  hook(ENTRY, enter)
  if (makesKeys(expression.ast())) {
    hook(EXIT, ({ type }: { type: string }, _input: unknown, _environment: unknown, result: unknown) => {
      if (type === 'unary' || type === 'path') refuseMarks(result)
    })
  }
  if (cache.size >= MAX_CACHED) cache.clear()
  cache.set(text, expression)
  return expression
}

/** JSONata marks the sequences it creates; results must be plain JSON. */
function plain(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? JSON.parse(JSON.stringify(value)) : value
}
