/**
 * Exact series-parallel decomposition of a dependency graph.
 *
 * Invariants (tests cite them):
 * D1 every node of the graph is in the result exactly once
 * D2 every edge is honoured: what a node needs ends before it in some enclosing sequence
 * D3 nothing more is ordered than the graph orders, so the makespan is the critical path, whatever the durations
 * D4 equal graphs give equal trees, whatever the order in which they were written
 * D5 what is not series-parallel is named (`prime`), never approximated
 */
import { ancestorsOf, compareIds, type Graph, needsOf } from '../workflow/graph.ts'

export type Tree =
  | { kind: 'step'; id: string }
  | { kind: 'sequence'; parts: Tree[] }
  | { kind: 'parallel'; branches: Tree[] }
  | { kind: 'prime'; ids: string[] }

/** The graph must have no cycle. A graph without nodes is an empty sequence. */
export function decompose(graph: Graph): Tree {
  const ancestors = ancestorsOf(graph)
  return decomposeSet([...graph.keys()].sort(compareIds), graph, ancestors)
}

/** The smallest sets inside a tree that are not series-parallel (D5). */
export function primesOf(tree: Tree): string[][] {
  if (tree.kind === 'prime') return [tree.ids]
  if (tree.kind === 'sequence') return tree.parts.flatMap(primesOf)
  if (tree.kind === 'parallel') return tree.branches.flatMap(primesOf)
  return []
}

type Ancestors = Map<string, Set<string>>

function decomposeSet(ids: string[], graph: Graph, ancestors: Ancestors): Tree {
  const [only] = ids
  if (ids.length === 1 && only !== undefined) return { kind: 'step', id: only }
  const components = weakComponents(ids, graph)
  if (components.length > 1) {
    return { kind: 'parallel', branches: components.map((part) => decomposeSet(part, graph, ancestors)) }
  }
  const factors = seriesFactors(ids, ancestors)
  if (factors.length === 1) return { kind: 'prime', ids }
  return { kind: 'sequence', parts: factors.map((part) => decomposeSet(part, graph, ancestors)) }
}

/** Sets with no edge between them, each sorted, ordered by their first id (D4). */
function weakComponents(ids: string[], graph: Graph): string[][] {
  const parent = new Map(ids.map((id) => [id, id]))
  const rootOf = (id: string): string => {
    let root = id
    while (parent.get(root) !== root) root = parent.get(root) as string
    parent.set(id, root)
    return root
  }
  for (const id of ids) {
    for (const need of needsOf(graph, id)) if (parent.has(need)) parent.set(rootOf(id), rootOf(need))
  }
  const groups = Map.groupBy(ids, rootOf)
  return [...groups.values()].sort((a, b) => compareIds(a[0] as string, b[0] as string))
}

/**
 * Sort by the number of ancestors inside the set. Where the node at position k has k of them, they are exactly the
 * k nodes before it, and so for every later node: a cut (D2) that orders nothing that was not ordered (D3).
 */
function seriesFactors(ids: string[], ancestors: Ancestors): string[][] {
  const inside = new Set(ids)
  const count = new Map(ids.map((id) => [id, countInside(ancestors.get(id), inside)]))
  const countOf = (id: string): number => count.get(id) ?? 0
  const sorted = ids.toSorted((a, b) => countOf(a) - countOf(b) || compareIds(a, b))
  const factors: string[][] = []
  let start = 0
  for (let position = 1; position <= sorted.length; position++) {
    const id = sorted[position]
    if (id !== undefined && countOf(id) < position) continue
    factors.push(sorted.slice(start, position).sort(compareIds))
    start = position
  }
  return factors
}

function countInside(ancestors: ReadonlySet<string> | undefined, inside: ReadonlySet<string>): number {
  let count = 0
  for (const id of ancestors ?? []) if (inside.has(id)) count += 1
  return count
}
