import { compareIds } from '../domain/compare-ids.ts'
import { type Graph, needsOf, topologicalOrder } from '../workflow/graph.ts'
import { addAll, addNode, emptySet, type NodeSet } from './node-set.ts'

/**
 * A dependency order over numbers: node `i` stands for the i-th id in sorted order, so comparing numbers compares ids. `sequence` is a
 * topological order, which stays valid when needs are removed.
 */
export type Order = { needs: readonly (readonly number[])[]; sequence: readonly number[] }

/** The graph must have no cycle. */
export function orderOf(graph: Graph): { ids: string[]; order: Order } {
  const ids = [...graph.keys()].sort(compareIds)
  const numbers = new Map(ids.map((id, node) => [id, node]))
  const numberOf = (id: string): number => numbers.get(id) as number
  const needs = ids.map((id) => [...needsOf(graph, id)].map(numberOf).sort((a, b) => a - b))
  return { ids, order: { needs, sequence: topologicalOrder(graph).map(numberOf) } }
}

/** The order restricted to some nodes and renumbered: node `i` is `nodes[i]`. */
export function orderInside({ needs, sequence }: Order, nodes: readonly number[]): Order {
  const numbers = new Map(nodes.map((node, inside) => [node, inside]))
  const isInside = (node: number | undefined): node is number => node !== undefined
  return {
    needs: nodes.map((node) => (needs[node] ?? []).map((need) => numbers.get(need)).filter(isInside)),
    sequence: sequence.map((node) => numbers.get(node)).filter(isInside),
  }
}

/** For each node, all its direct and indirect predecessors. */
export function beforeEach({ needs, sequence }: Order): NodeSet[] {
  const before = needs.map(() => emptySet(needs.length))
  for (const node of sequence) {
    const own = before[node] as NodeSet
    for (const need of needs[node] ?? []) {
      addNode(own, need)
      addAll(own, before[need] as NodeSet)
    }
  }
  return before
}
