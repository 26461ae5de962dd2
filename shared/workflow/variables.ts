import { type Node, parseExpression } from './parse-expression.ts'

const known = new WeakMap<Node, ReadonlySet<string>>()

/** All variables that an expression mentions, including those that it binds itself. Without `$eval` there are no others. */
export function variablesIn(text: string): ReadonlySet<string> {
  const tree = parseExpression(text)
  const found = known.get(tree)
  if (found) return found
  const names = new Set<string>()
  collect(tree, names)
  known.set(tree, names)
  return names
}

function collect(value: unknown, names: Set<string>): void {
  if (Array.isArray(value)) for (const member of value) collect(member, names)
  else if (typeof value === 'object' && value !== null) {
    const node = value as Node
    if (node.type === 'variable') names.add(String(node.value))
    for (const member of Object.values(node)) collect(member, names)
  }
}
