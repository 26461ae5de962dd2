import { isJsonObject } from '../domain/json.ts'
import { compileExpression } from './expressions.ts'

/** What an expression mentions: variables that are not its own, and the members of `$steps` and `$status` by name. */
export type References = {
  variables: Set<string>
  steps: Set<string>
  /** `$steps` or `$status` as a whole: which steps it reads shows only at run time. */
  dynamicSteps: boolean
}

const STEP_MAPS = ['steps', 'status']

/** Throws JSONata's syntax error when the text does not parse. */
export function referencesIn(text: string): References {
  const found: References = { variables: new Set(), steps: new Set(), dynamicSteps: false }
  visit(compileExpression(text).ast(), new Set(), found)
  return found
}

type Node = Record<string, unknown>

function visit(value: unknown, own: ReadonlySet<string>, found: References): void {
  if (Array.isArray(value)) {
    for (const member of value) visit(member, own, found)
  } else if (isJsonObject(value)) {
    visitNode(value, own, found)
  }
}

function visitNode(node: Node, own: ReadonlySet<string>, found: References): void {
  if (node.type === 'variable') return visitVariable(node, own, found)
  if (node.type === 'path') return visitPath(node, own, found)
  if (node.type === 'block') return visitBlock(node, own, found)
  if (node.type === 'lambda') {
    const parameters = (node.arguments as Node[]).map(({ value }) => String(value))
    return visit(node.body, new Set([...own, ...parameters]), found)
  }
  if (node.type === 'bind') return visit(node.rhs, own, found)
  // A call names its function by a variable ($sum): that is not one of ours, unless the block bound it.
  if (node.type === 'function' || node.type === 'partial') return visit(node.arguments, own, found)
  if (node.type === 'apply') return visitApply(node, own, found)
  for (const member of Object.values(node)) visit(member, own, found)
}

/** A block binds names for what follows in it. */
function visitBlock(node: Node, own: ReadonlySet<string>, found: References): void {
  const inner = new Set(own)
  for (const expression of node.expressions as Node[]) {
    if (expression.type === 'bind') inner.add(String((expression.lhs as Node).value))
    visit(expression, inner, found)
  }
}

/** `value ~> $function`: the right side may be a bare function name. */
function visitApply(node: Node, own: ReadonlySet<string>, found: References): void {
  visit(node.lhs, own, found)
  if ((node.rhs as Node).type !== 'variable') visit(node.rhs, own, found)
}

function visitVariable(node: Node, own: ReadonlySet<string>, found: References): void {
  const name = String(node.value)
  if (name === '' || name === '$' || own.has(name)) return
  found.variables.add(name)
  if (STEP_MAPS.includes(name)) found.dynamicSteps = true
  visit(node.predicate, own, found)
}

function visitPath(node: Node, own: ReadonlySet<string>, found: References): void {
  const [first, second, ...rest] = node.steps as Node[]
  const name = first?.type === 'variable' ? String(first.value) : ''
  const member = second?.type === 'name' || second?.type === 'string' ? String(second.value) : undefined
  if (!STEP_MAPS.includes(name) || own.has(name) || member === undefined) {
    for (const step of node.steps as Node[]) visit(step, own, found)
    return
  }
  found.variables.add(name)
  found.steps.add(member)
  const { type: _type, value: _value, ...beyond } = second as Node
  visit([...Object.values(beyond), ...rest], own, found)
}
