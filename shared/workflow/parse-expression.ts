/**
 * Parses expressions, without evaluating them.
 *
 * Invariants (tests cite them):
 * parse/X1 a text is at most 16,384 characters long
 * parse/X2 no path and no variable has a name by which JavaScript reaches the host: `constructor`, `prototype`, or a name that begins with
 *    `__`; except the id of a step (`$steps.constructor`), which is an own member of a plain object
 */
import jsonata from 'jsonata'

/** The longest expression, in characters. */
export const MAX_EXPRESSION = 16_384

export type Node = Readonly<Record<string, unknown>>

const parsed = new Map<string, Node>()
const MAX_PARSED = 2_000

/**
 * The syntax tree of a text. Throws JSONata's own syntax error, `{message, position}`, or one that names the refused
 * part.
 */
export function parseExpression(text: string): Node {
  const known = parsed.get(text)
  if (known) return known
  const tree = checkedExpression(text).ast() as unknown as Node
  if (parsed.size >= MAX_PARSED) parsed.clear()
  parsed.set(text, tree)
  return tree
}

/** A checked JSONata expression, without limits on its evaluation. Throws as `parseExpression` does. */
export function checkedExpression(text: string, options?: jsonata.JsonataOptions): jsonata.Expression {
  if (text.length > MAX_EXPRESSION) {
    throw new SyntaxError(`it has ${text.length} characters; the most is ${MAX_EXPRESSION} (X1)`)
  }
  const expression = jsonata(text, options)
  refuseNames(expression.ast() as unknown as Node)
  return expression
}

const isRefused = (name: unknown): name is string =>
  typeof name === 'string' && (name.startsWith('__') || name === 'constructor' || name === 'prototype')

/** parse/X2. Keys that an object is written with (`{"constructor": ...}`) are data. */
function refuseNames(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(refuseNames)
  if (typeof value !== 'object' || value === null) return
  const node = value as Node
  if (node.type === 'name' || node.type === 'variable') refuse(node.value)
  for (const bound of [node.focus, node.index]) refuse(bound)
  if (node.type !== 'path') return Object.values(node).forEach(refuseNames)
  const { steps, ...rest } = node
  for (const step of withoutIds(steps as Node[])) {
    if (step.type === 'string') refuse(step.value)
    refuseNames(step)
  }
  Object.values(rest).forEach(refuseNames)
}

const MAPS_OF_STEPS = ['steps', 'status', 'errors', 'previous']

/**
 * The steps of a path, without the second name if it is the id of a workflow step (`$steps.constructor`), which is
 * allowed.
 */
function withoutIds(steps: readonly Node[]): readonly Node[] {
  const [first, second, ...further] = steps
  const isMap = first?.type === 'variable' && MAPS_OF_STEPS.includes(String(first.value))
  if (!first || !second || !isMap) return steps
  const { type: _type, value: _id, ...onSecond } = second
  return [first, onSecond, ...further]
}

function refuse(name: unknown): void {
  if (!isRefused(name)) return
  throw new SyntaxError(
    `the name "${name.slice(0, 40)}" is refused; a member of data that is called so is had by $lookup(data, "${name.slice(0, 40)}")`,
  )
}
