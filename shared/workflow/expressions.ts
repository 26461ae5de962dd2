/**
 * Expressions: JSONata between `{% %}`, in the dialect that Step Functions accepts.
 *
 * Invariants (tests cite them):
 * E1 a string that is `{% ... %}` as a whole is an expression; any other string is itself
 * E2 evaluation ends: after 1 s of stepping or at a depth of 200 it fails with an error that says so
 * E3 an expression sees values only: no `$eval`, no host objects, and it cannot change what it is given
 * E4 an undefined result inside an object leaves the member out; inside an array, and as a whole, it is null
 */
import jsonata from 'jsonata'
import { OrchestratorError } from '../domain/errors.ts'
import { isJsonObject, type Json } from '../domain/json.ts'

const MAX_MILLISECONDS = 1_000
const MAX_DEPTH = 200
const ENTRY = Symbol.for('jsonata.__evaluate_entry')
const EXIT = Symbol.for('jsonata.__evaluate_exit')

export type Names = Readonly<Record<string, Json | undefined>>

/** The text between `{%` and `%}`; undefined when the value is not an expression (E1). */
export function expressionIn(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  return text.startsWith('{%') && text.endsWith('%}') ? text.slice(2, -2).trim() : undefined
}

/** Every expression inside a value, with its path. */
export function expressionsIn(value: unknown, path = ''): { path: string; text: string }[] {
  const text = expressionIn(value)
  if (text !== undefined) return [{ path, text }]
  if (Array.isArray(value))
    return value.flatMap((member, index) => expressionsIn(member, `${path}[${index}]`))
  if (!isJsonObject(value)) return []
  return Object.entries(value).flatMap(([key, member]) =>
    expressionsIn(member, path ? `${path}.${key}` : key),
  )
}

/** `value` with every expression replaced by what it evaluates to. Throws InvalidInputError naming the expression. */
export async function resolveExpressions(value: unknown, names: Names, path = ''): Promise<Json | undefined> {
  const text = expressionIn(value)
  if (text !== undefined) return evaluateExpression(text, names, path)
  if (Array.isArray(value)) {
    const members: Json[] = []
    for (const [index, member] of value.entries()) {
      members.push((await resolveExpressions(member, names, `${path}[${index}]`)) ?? null)
    }
    return members
  }
  if (!isJsonObject(value)) return value as Json
  const resolved: Record<string, Json> = {}
  for (const [key, member] of Object.entries(value)) {
    const result = await resolveExpressions(member, names, path ? `${path}.${key}` : key)
    if (result !== undefined) resolved[key] = result
  }
  return resolved
}

type Budget = { depth: number; deadline: number }
type Environment = { lookup(name: string): unknown }

const compiled = new Map<string, jsonata.Expression>()
const MAX_COMPILED = 2_000

/** Throws JSONata's own syntax error, `{message, position}`. */
export function compileExpression(text: string): jsonata.Expression {
  const known = compiled.get(text)
  if (known) return known
  const expression = jsonata(text)
  expression.assign('eval', undefined)
  // Its types know text only; the hooks of its own debugger are bound by symbol.
  const assign = expression.assign as unknown as (name: symbol, hook: unknown) => void
  assign(ENTRY, enter)
  assign(EXIT, leave)
  if (compiled.size >= MAX_COMPILED) compiled.clear()
  compiled.set(text, expression)
  return expression
}

/** Undefined when the expression finds nothing. Throws InvalidInputError with the expression and the reason. */
export async function evaluateExpression(text: string, names: Names, path = ''): Promise<Json | undefined> {
  const budget: Budget = { depth: 0, deadline: Date.now() + MAX_MILLISECONDS }
  // JSONata marks arrays that it is given (`list[]`): it gets its own.
  const bindings = { ...structuredClone(names), __budget: () => budget }
  try {
    const result: unknown = await compileExpression(text).evaluate({}, bindings)
    return result === undefined ? undefined : (JSON.parse(JSON.stringify(result)) as Json | undefined)
  } catch (error) {
    const where = path ? ` at ${path}` : ''
    const details = { expression: text, path }
    throw new OrchestratorError(
      'InvalidInputError',
      `expression {% ${text} %}${where}: ${reasonOf(error)}`,
      details,
    )
  }
}

/** JSONata rejects with plain objects as well as errors. */
export function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return String(error)
}

/** The budget rides in the environment, so that evaluations of one cached expression do not share it. */
function budgetOf(environment: Environment): Budget | undefined {
  const budget = environment.lookup('__budget')
  return typeof budget === 'function' ? (budget as () => Budget)() : undefined
}

/** Depth counts function calls: JSONata steps through the members of one object at once, which is width. */
function enter(node: { type: string }, _input: unknown, environment: Environment): void {
  const budget = budgetOf(environment)
  if (!budget) return
  if (node.type === 'function') budget.depth += 1
  if (budget.depth > MAX_DEPTH)
    throw new Error(`it goes deeper than ${MAX_DEPTH} levels; is it a recursion without end?`)
  if (Date.now() > budget.deadline) throw new Error(`it took longer than ${MAX_MILLISECONDS} ms`)
}

function leave(node: { type: string }, _input: unknown, environment: Environment): void {
  const budget = node.type === 'function' ? budgetOf(environment) : undefined
  if (budget) budget.depth -= 1
}
