/**
 * Exact series-parallel decomposition of a dependency order.
 *
 * Invariants (tests cite them):
 * decompose/D1 every node is in the result exactly once
 * decompose/D2 every edge is honoured: the nodes that a node needs come before it in some enclosing sequence
 * decompose/D3 the tree adds no ordering, so the makespan is the critical path, for any durations
 * decompose/D4 equal orders give equal trees, independent of the order in which steps were written
 * decompose/D5 a set of nodes that is not series-parallel is returned as `prime`, never approximated
 */
import { countCommon, type NodeSet, setOf } from './node-set.ts'
import { beforeEach, type Order } from './order.ts'

/** `Prime` is the type of leaves for sets that are not series-parallel; `never` for a tree without any. */
export type Tree<Prime = never> =
  | { kind: 'step'; node: number }
  | { kind: 'sequence'; parts: Tree<Prime>[] }
  | { kind: 'parallel'; branches: Tree<Prime>[] }
  | Prime
/** A set that is not series-parallel; nodes in ascending order. */
export type Prime = { kind: 'prime'; nodes: number[] }

/** Decomposes an order; without nodes it is an empty sequence. */
export function decompose(order: Order): Tree<Prime> {
  return decomposeSet(
    order.needs.map((_, node) => node),
    order,
    beforeEach(order),
  )
}

/** The smallest sets inside a tree that are not series-parallel (decompose/D5). */
export function primesOf(tree: Tree<Prime>): Prime[] {
  if (tree.kind === 'prime') return [tree]
  if (tree.kind === 'sequence') return tree.parts.flatMap(primesOf)
  if (tree.kind === 'parallel') return tree.branches.flatMap(primesOf)
  return []
}

/** The tree with each prime set replaced. */
export function replacePrimes<Other>(tree: Tree<Prime>, replace: (prime: Prime) => Tree<Other>): Tree<Other> {
  if (tree.kind === 'prime') return replace(tree)
  const inside = (part: Tree<Prime>): Tree<Other> => replacePrimes(part, replace)
  if (tree.kind === 'sequence') return { kind: 'sequence', parts: tree.parts.map(inside) }
  if (tree.kind === 'parallel') return { kind: 'parallel', branches: tree.branches.map(inside) }
  return tree
}

function decomposeSet(nodes: number[], order: Order, before: readonly NodeSet[]): Tree<Prime> {
  const [only] = nodes
  if (nodes.length === 1 && only !== undefined) return { kind: 'step', node: only }
  const components = weakComponents(nodes, order)
  if (components.length > 1) {
    return { kind: 'parallel', branches: components.map((part) => decomposeSet(part, order, before)) }
  }
  const factors = seriesFactors(nodes, before)
  if (factors.length === 1) return { kind: 'prime', nodes }
  return { kind: 'sequence', parts: factors.map((part) => decomposeSet(part, order, before)) }
}

/** Sets with no edge between them, each sorted, ordered by their first node (decompose/D4). */
function weakComponents(nodes: readonly number[], { needs }: Order): number[][] {
  const parent = new Int32Array(needs.length).fill(-1)
  for (const node of nodes) parent[node] = node
  const rootOf = (node: number): number => {
    let root = node
    while (parent[root] !== root) root = parent[root] as number
    parent[node] = root
    return root
  }
  for (const node of nodes) {
    for (const need of needs[node] ?? []) if (parent[need] !== -1) parent[rootOf(node)] = rootOf(need)
  }
  const members = new Map<number, number[]>()
  for (const node of nodes) {
    const root = rootOf(node)
    const known = members.get(root)
    if (known) known.push(node)
    else members.set(root, [node])
  }
  return [...members.values()]
}

/**
 * Sorts by the number of predecessors inside the set. If the node at position k has k predecessors, they are exactly the k nodes before it,
 * and the same holds for all later nodes: a cut (decompose/D2) that adds no ordering (decompose/D3).
 */
function seriesFactors(nodes: readonly number[], before: readonly NodeSet[]): number[][] {
  const inside = setOf(before.length, nodes)
  const counts = new Int32Array(before.length)
  for (const node of nodes) counts[node] = countCommon(before[node] as NodeSet, inside)
  const countOf = (node: number): number => counts[node] as number
  const sorted = nodes.toSorted((a, b) => countOf(a) - countOf(b) || a - b)
  const factors: number[][] = []
  let start = 0
  for (let position = 1; position <= sorted.length; position++) {
    const node = sorted[position]
    if (node !== undefined && countOf(node) < position) continue
    factors.push(sorted.slice(start, position).sort((a, b) => a - b))
    start = position
  }
  return factors
}
