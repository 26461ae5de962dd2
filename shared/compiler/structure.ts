/**
 * A structure for any dependency order: exact if it is series-parallel; otherwise a series-parallel skeleton, and a gate before each node
 * with needs that the skeleton does not put before it.
 *
 * Invariants (tests cite them; `requireHonest` checks structure/K1 and structure/K2 on every compile):
 * structure/K1 every edge is honoured, by the skeleton or by a gate
 * structure/K2 skeleton and gates add no ordering to the graph: no step waits for more than it needs, and there is no deadlock
 * structure/K3 equal orders give equal structures
 * structure/K4 a prime set of at most 12 nodes gets the fewest gates possible, within the search budget (skeleton.ts)
 */
import type { Tree } from './decompose.ts'
import { addAll, addNode, emptySet, hasNode, type NodeSet } from './node-set.ts'
import { beforeEach, type Order } from './order.ts'
import { skeletonOf } from './skeleton.ts'

export type Structure = {
  tree: Tree
  /** For each node with a gate, the nodes that it waits for there. */
  gates: ReadonlyMap<number, readonly number[]>
}

/** The order must be transitively reduced. */
export function structureOf(order: Order): Structure {
  const tree = skeletonOf(order)
  const before = skeletonOrder(tree, order.needs.length)
  const gates = new Map<number, number[]>()
  for (const [node, needs] of order.needs.entries()) {
    const missing = needs.filter((need) => !hasNode(before[node] as NodeSet, need))
    if (missing.length > 0) gates.set(node, missing)
  }
  requireHonest(order, before, gates)
  return { tree, gates }
}

/** For each node, the nodes that the structure puts before it. */
function skeletonOrder(tree: Tree, size: number): NodeSet[] {
  const before = Array.from({ length: size }, () => emptySet(size))
  /** Returns the nodes of `part`, which come after `earlier`. */
  const visit = (part: Tree, earlier: NodeSet): NodeSet => {
    const own = emptySet(size)
    if (part.kind === 'step') {
      addAll(before[part.node] as NodeSet, earlier)
      addNode(own, part.node)
    } else if (part.kind === 'parallel') {
      for (const branch of part.branches) addAll(own, visit(branch, earlier))
    } else {
      const passed = earlier.slice()
      for (const inside of part.parts) {
        const nodes = visit(inside, passed)
        addAll(passed, nodes)
        addAll(own, nodes)
      }
    }
    return own
  }
  visit(tree, emptySet(size))
  return before
}

/** Throws when an edge is not honoured (structure/K1), or ordering was added (structure/K2). */
function requireHonest(
  order: Order,
  skeleton: readonly NodeSet[],
  gates: ReadonlyMap<number, readonly number[]>,
): void {
  const before = beforeEach(order)
  for (const [node, needs] of order.needs.entries()) {
    const own = skeleton[node] as NodeSet
    const lost = needs.find((need) => !hasNode(own, need) && !gates.get(node)?.includes(need))
    if (lost !== undefined) throw new Error(`the edge ${lost} -> ${node} is lost`)
    const allowed = before[node] as NodeSet
    const excess = own.findIndex((word, at) => (word & ~(allowed[at] as number)) !== 0)
    if (excess >= 0) throw new Error(`node ${node} waits for more than it needs`)
  }
}
