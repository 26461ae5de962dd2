import { isJsonObject, type Json } from '../domain/json.ts'
import { type Node, parseExpression } from './parse-expression.ts'

/**
 * The names of an expression that is only a path from a variable, `$steps.a.b`; undefined for others. Most expressions
 * only pass on the output of a step, which may be large: such a path is resolved here, without an evaluation.
 */
export function plainPathOf(text: string): readonly string[] | undefined {
  const tree = parseExpression(text)
  const isVariable = ({ type, value }: Node): boolean => type === 'variable' && value !== '' && value !== '$'
  if (isVariable(tree)) return Object.keys(tree).every(isPlain) ? [String(tree.value)] : undefined
  if (tree.type !== 'path' || !Object.keys(tree).every((key) => key === 'type' || key === 'steps'))
    return undefined
  const steps = tree.steps as Node[]
  const isWalkable = steps.every(
    (step, at) => (at === 0 ? isVariable(step) : step.type === 'name') && Object.keys(step).every(isPlain),
  )
  return isWalkable ? steps.map(({ value }) => String(value)) : undefined
}

const isPlain = (key: string): boolean => ['type', 'value', 'position'].includes(key)

/**
 * JSONata's result for the path; `evaluate` when the variable is missing or the path crosses a list, into whose members JSONata would
 * descend.
 */
export function walkPath(
  names: Readonly<Record<string, Json | undefined>>,
  path: readonly string[],
): { found: Json | undefined } | 'evaluate' {
  const [first = '', ...members] = path
  if (!Object.hasOwn(names, first)) return 'evaluate'
  let value = names[first]
  for (const name of members) {
    if (Array.isArray(value)) return 'evaluate'
    value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }
  return { found: value }
}
