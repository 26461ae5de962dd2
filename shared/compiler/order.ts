import { compareIds, type Graph, needsOf, topologicalOrder } from '../workflow/graph.ts'
import { addAll, addNode, emptySet, type NodeSet } from './node-set.ts'

/**
 * A dependency order over numbers: node `i` stands for the i-th id, sorted, so that comparing numbers is comparing ids.
 * `sequence` has every node after those it needs; it stays right when needs are taken away.
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

/** The part of an order inside some of its nodes, renumbered: node `i` is `nodes[i]`. */
export function orderInside({ needs, sequence }: Order, nodes: readonly number[]): Order {
  const numbers = new Map(nodes.map((node, inside) => [node, inside]))
  const isInside = (node: number | undefined): node is number => node !== undefined
  return {
    needs: nodes.map((node) => (needs[node] ?? []).map((need) => numbers.get(need)).filter(isInside)),
    sequence: sequence.map((node) => numbers.get(node)).filter(isInside),
  }
}

/** For each node, every node that must come before it, however far. */
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
