import { isJsonObject } from '../domain/json.ts'
import { type Node, parseExpression } from './parse-expression.ts'

/** A text that an expression may come to, and where it is written in the expression. */
export type ConstantResult = { value: string; at: number }

/**
 * The texts that stand in an expression as what it may come to: in the branches of conditions, as the last of a block, joined of constants, by a variable of its
 * own, and in lists and maps that it chooses from. What it reads is left out. None for an expression that does not parse.
 */
export function constantResults(text: string): ConstantResult[] {
  try {
    return resultsOf(parseExpression(text), text, new Map())
  } catch {
    return []
  }
}

/** By name, what the expression itself has bound a variable to. */
type Bound = Map<string, ConstantResult[]>

function resultsOf(node: unknown, text: string, bound: Bound): ConstantResult[] {
  if (!isJsonObject(node)) return []
  const inside = (one: unknown): ConstantResult[] => resultsOf(one, text, bound)
  switch (node.type) {
    case 'string':
      return [{ value: String(node.value), at: beginOf(node, text) }]
    case 'condition':
      return [...inside(node.then), ...inside(node.else)]
    case 'bind':
      return inside(node.rhs)
    case 'variable':
      return bound.get(nameOf(node)) ?? []
    case 'block':
      return resultsOfBlock(node, text, new Map(bound))
    case 'binary':
      return node.value === '&' ? joined(inside(node.lhs), inside(node.rhs)) : []
    case 'unary':
      return node.value === '[' ? listOf(node.expressions).flatMap(inside) : []
    case 'function':
      return nameOf(node.procedure) === 'lookup' ? membersOf(listOf(node.arguments)[0]).flatMap(inside) : []
    case 'path':
      return resultsOfPath(listOf(node.steps)).flatMap(inside)
    default:
      return []
  }
}

/** A variable that is bound twice is left out: which of both it has is not looked at. */
function resultsOfBlock({ expressions }: Node, text: string, bound: Bound): ConstantResult[] {
  const all = listOf(expressions)
  const seen = new Set<string>()
  for (const one of all) {
    if (!isJsonObject(one) || one.type !== 'bind') continue
    const name = nameOf(one.lhs)
    const found = seen.has(name) ? [] : resultsOf(one.rhs, text, bound)
    seen.add(name)
    bound.set(name, found)
  }
  return resultsOf(all.at(-1), text, bound)
}

/** `{'a': 'x'}.a`: the member that is named. */
function resultsOfPath([first, second, ...further]: readonly unknown[]): unknown[] {
  if (second === undefined) return [first]
  if (further.length > 0 || !isJsonObject(second) || second.type !== 'name') return []
  return pairsOf(first).flatMap(([key, value]) =>
    isJsonObject(key) && key.type === 'string' && key.value === second.value ? [value] : [],
  )
}

const membersOf = (map: unknown): unknown[] => pairsOf(map).map(([, value]) => value)

/** The keys and values of a map that is written. */
const pairsOf = (map: unknown): [unknown, unknown][] =>
  isJsonObject(map) && map.type === 'unary' && map.value === '{'
    ? (listOf(map.lhs) as [unknown, unknown][])
    : []

/** Both sides are constants: every pair of them. */
const joined = (left: readonly ConstantResult[], right: readonly ConstantResult[]): ConstantResult[] =>
  left.length * right.length > MOST_JOINED
    ? []
    : left.flatMap(({ value, at }) => right.map((end) => ({ value: value + end.value, at })))

const MOST_JOINED = 100

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const nameOf = (node: unknown): string => (isJsonObject(node) ? String(node.value) : '')

/** JSONata tells where a token ends. */
function beginOf({ position }: Node, text: string): number {
  const end = Number(position) - 1
  const quote = text[end] ?? ''
  for (let at = end - 1; at >= 0; at--) {
    const slashes = /\\*$/.exec(text.slice(0, at))?.[0].length ?? 0
    if (text[at] === quote && slashes % 2 === 0) return at
  }
  return Math.max(0, end)
}
