import type { Issue } from '../domain/issue.ts'

/**
 * Dependency graphs over step ids. Every function is deterministic and independent of the order in which steps
 * were written: ids are visited in sorted order.
 */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>

/** `needs`: each node with the nodes it waits for. Unknown nodes are the validator's business, and left out. */
export function makeGraph(needs: Iterable<readonly [string, Iterable<string>]>): Graph {
  const entries = [...needs].sort(([a], [b]) => compareIds(a, b))
  const known = new Set(entries.map(([id]) => id))
  return new Map(
    entries.map(([id, before]) => [
      id,
      new Set([...before].filter((need) => known.has(need)).sort(compareIds)),
    ]),
  )
}

export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The nodes of one cycle in order, the first repeated at the end (`a -> b -> a`); undefined when there is none. */
export function findCycle(graph: Graph): string[] | undefined {
  const done = new Set<string>()
  for (const start of graph.keys()) {
    const cycle = walkToCycle(graph, start, done)
    if (cycle) return cycle
  }
  return undefined
}

export function issuesOfCycle(graph: Graph, path = 'steps'): Issue[] {
  const cycle = findCycle(graph)
  if (!cycle) return []
  const message = `steps wait for each other in a circle: ${cycle.join(' -> ')}`
  return [{ code: 'cycle', path, message }]
}

/** Depth-first without recursion, so that a chain of any length fits. */
function walkToCycle(graph: Graph, start: string, done: Set<string>): string[] | undefined {
  if (done.has(start)) return undefined
  const trail = [start]
  const pending = [[...needsOf(graph, start)]]
  while (trail.length > 0) {
    const next = pending.at(-1)?.shift()
    if (next === undefined) {
      done.add(trail.pop() as string)
      pending.pop()
    } else if (trail.includes(next)) {
      // The trail goes from a step to what it needs; read it the way the data would flow.
      return [next, ...trail.slice(trail.indexOf(next) + 1).reverse(), next]
    } else if (!done.has(next)) {
      trail.push(next)
      pending.push([...needsOf(graph, next)])
    }
  }
  return undefined
}

/** Every node after all it needs; among the ready ones, by id. The graph must have no cycle. */
export function topologicalOrder(graph: Graph): string[] {
  const order: string[] = []
  const placed = new Set<string>()
  let remaining = [...graph.keys()]
  while (remaining.length > 0) {
    const ready = remaining.filter((id) => [...needsOf(graph, id)].every((need) => placed.has(need)))
    if (ready.length === 0) throw new Error(`a cycle is left among: ${remaining.join(', ')}`)
    for (const id of ready) placed.add(id)
    order.push(...ready)
    remaining = remaining.filter((id) => !placed.has(id))
  }
  return order
}

/** For each node, every node that must come before it, however far. */
export function ancestorsOf(graph: Graph): Map<string, Set<string>> {
  const ancestors = new Map<string, Set<string>>()
  for (const id of topologicalOrder(graph)) {
    const all = new Set<string>()
    for (const need of needsOf(graph, id)) {
      all.add(need)
      for (const further of ancestors.get(need) ?? []) all.add(further)
    }
    ancestors.set(id, all)
  }
  return ancestors
}

/** The same order with the fewest edges: an edge is dropped where another path implies it. */
export function transitiveReduction(graph: Graph): Graph {
  const ancestors = ancestorsOf(graph)
  const implied = (need: string, needs: ReadonlySet<string>): boolean =>
    [...needs].some((other) => other !== need && ancestors.get(other)?.has(need))
  return new Map(
    [...graph].map(([id, needs]) => [id, new Set([...needs].filter((need) => !implied(need, needs)))]),
  )
}

/** The nodes that nothing needs. */
export function sinksOf(graph: Graph): string[] {
  const needed = new Set([...graph.values()].flatMap((needs) => [...needs]))
  return [...graph.keys()].filter((id) => !needed.has(id))
}

/** The longest path by weight, and its length in the unit of the weights. */
export function criticalPath(
  graph: Graph,
  weightOf: (id: string) => number,
): { path: string[]; length: number } {
  const finish = new Map<string, { length: number; path: string[] }>()
  let longest = { path: [] as string[], length: 0 }
  for (const id of topologicalOrder(graph)) {
    const latest = [...needsOf(graph, id)]
      .map((need) => finish.get(need) ?? { length: 0, path: [] })
      .reduce((a, b) => (b.length > a.length ? b : a), { length: 0, path: [] as string[] })
    const own = { length: latest.length + weightOf(id), path: [...latest.path, id] }
    finish.set(id, own)
    if (own.length > longest.length || longest.path.length === 0) longest = own
  }
  return longest
}

export function needsOf(graph: Graph, id: string): ReadonlySet<string> {
  return graph.get(id) ?? new Set()
}
