import { compareIds } from '../domain/compare-ids.ts'
import { type Issue, issue } from '../domain/issue.ts'

/**
 * Dependency graphs over step ids. Every function is deterministic and independent of the order in which steps
 * were written: ids are visited in sorted order.
 */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>

/** `needs`: each node with the nodes it waits for. Unknown nodes are left out; the validator reports them. */
export function makeGraph(needs: Iterable<readonly [string, Iterable<string>]>): Graph {
  const entries = [...needs].sort(([a], [b]) => compareIds(a, b))
  const rank = new Map(entries.map(([id], at) => [id, at]))
  const byRank = (a: string, b: string): number => (rank.get(a) as number) - (rank.get(b) as number)
  return new Map(
    entries.map(([id, before]) => [id, new Set([...before].filter((need) => rank.has(need)).sort(byRank))]),
  )
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
  return [issue('cycle', path, message)]
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
      // The trail goes from a step to its needs; it is reversed to follow the data flow.
      return [next, ...trail.slice(trail.indexOf(next) + 1).reverse(), next]
    } else if (!done.has(next)) {
      trail.push(next)
      pending.push([...needsOf(graph, next)])
    }
  }
  return undefined
}

/** A topological order, ties by id. The graph must be acyclic. Linear in the number of edges. */
export function topologicalOrder(graph: Graph): string[] {
  const dependents = new Map([...graph.keys()].map((id): [string, string[]] => [id, []]))
  for (const [id, needs] of graph) for (const need of needs) dependents.get(need)?.push(id)
  const waiting = new Map([...graph].map(([id, needs]) => [id, needs.size]))
  const rank = new Map([...graph.keys()].map((id, at) => [id, at]))
  const byRank = (a: string, b: string): number => (rank.get(a) as number) - (rank.get(b) as number)

  const order: string[] = []
  let ready = [...graph.keys()].filter((id) => waiting.get(id) === 0)
  while (ready.length > 0) {
    order.push(...ready)
    const next: string[] = []
    for (const dependent of ready.flatMap((id) => dependents.get(id) as string[])) {
      const left = (waiting.get(dependent) as number) - 1
      waiting.set(dependent, left)
      if (left === 0) next.push(dependent)
    }
    ready = next.sort(byRank)
  }
  if (order.length < graph.size) {
    const placed = new Set(order)
    throw new Error(`a cycle is left among: ${[...graph.keys()].filter((id) => !placed.has(id)).join(', ')}`)
  }
  return order
}

/** For each node, all its direct and indirect predecessors. */
export function ancestorsOf(graph: Graph): Map<string, Set<string>> {
  const { ids, rows } = ancestorRows(graph)
  return new Map(
    [...rows].map(([id, row]) => [id, new Set(ids.filter((_other, at) => hasBit(row, at)))] as const),
  )
}

/** The same order with the fewest edges: an edge is dropped where another path implies it. */
export function transitiveReduction(graph: Graph): Graph {
  const { ids, rows } = ancestorRows(graph)
  const rank = new Map(ids.map((id, at) => [id, at]))
  return new Map(
    [...graph].map(([id, needs]) => {
      const further = emptyRow(ids.length)
      for (const need of needs) addRow(further, rows.get(need))
      return [id, new Set([...needs].filter((need) => !hasBit(further, rank.get(need) as number)))]
    }),
  )
}

/** Bit rows of predecessors: sets of names would take minutes for a thousand steps with hundreds of needs each. */
function ancestorRows(graph: Graph): { ids: string[]; rows: Map<string, Uint32Array> } {
  const ids = topologicalOrder(graph)
  const rank = new Map(ids.map((id, at) => [id, at]))
  const rows = new Map<string, Uint32Array>()
  for (const id of ids) {
    const row = emptyRow(ids.length)
    for (const need of needsOf(graph, id)) {
      addRow(row, rows.get(need))
      setBit(row, rank.get(need) as number)
    }
    rows.set(id, row)
  }
  return { ids, rows }
}

const emptyRow = (bits: number): Uint32Array => new Uint32Array(Math.ceil(bits / 32))
const hasBit = (row: Uint32Array, at: number): boolean => ((row[at >>> 5] as number) & (1 << (at & 31))) !== 0
function setBit(row: Uint32Array, at: number): void {
  row[at >>> 5] = (row[at >>> 5] as number) | (1 << (at & 31))
}
function addRow(row: Uint32Array, other: Uint32Array | undefined): void {
  if (other) for (let at = 0; at < row.length; at++) row[at] = (row[at] as number) | (other[at] as number)
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
