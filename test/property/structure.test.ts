import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Tree } from '../../shared/compiler/decompose.ts'
import { orderOf } from '../../shared/compiler/order.ts'
import { structureOf } from '../../shared/compiler/structure.ts'
import { criticalPath, type Graph, makeGraph, transitiveReduction } from '../../shared/workflow/graph.ts'
import { graphs, shuffled } from '../support/random/random-graphs.ts'

describe('structureOf', () => {
  it('runs every step once, after its needs, in the time of the critical path, for any durations (structure/K1, structure/K2)', () => {
    fc.assert(
      fc.property(graphs(24), fc.infiniteStream(fc.integer({ min: 0, max: 1_000 })), (graph, stream) => {
        const { ids, tree, gates } = structured(graph)
        const durations = new Map(ids.map((id) => [id, stream.next().value]))
        const durationOf = (id: string): number => durations.get(id) as number
        const times = run(tree, gates, (node) => durationOf(ids[node] as string))
        expect(times.size).toBe(ids.length)
        const startOf = (id: string): number => times.get(ids.indexOf(id))?.start as number
        const endOf = (id: string): number => times.get(ids.indexOf(id))?.end as number
        for (const [id, needs] of graph) {
          // Neither before nor after: a step waits for its needs and for nothing else.
          expect(startOf(id)).toBe(Math.max(0, ...[...needs].map(endOf)))
        }
        const makespan = Math.max(...[...times.values()].map(({ end }) => end))
        expect(makespan).toBe(criticalPath(graph, durationOf).length)
      }),
      { numRuns: 500 },
    )
  })

  it('gives equal structures for equal graphs, however written (structure/K3)', () => {
    fc.assert(
      fc.property(graphs(), fc.infiniteStream(fc.nat()), (graph, chance) => {
        expect(structured(shuffled(graph, () => chance.next().value))).toEqual(structured(graph))
      }),
    )
  })

  it('needs no gate for a series-parallel graph, and one for one additional edge (structure/K4)', () => {
    expect(
      structured(
        makeGraph([
          ['a', []],
          ['b', ['a']],
          ['c', ['a']],
          ['d', ['b', 'c']],
        ]),
      ).gates.size,
    ).toBe(0)
    const crossed = structured(
      makeGraph([
        ['a', []],
        ['b', []],
        ['c', ['a']],
        ['d', ['a', 'b']],
      ]),
    )
    expect(crossed.gates).toEqual(new Map([[3, [0]]]))
  })

  it('has as few gates as any choice of edges allows, in small graphs (structure/K4)', () => {
    fc.assert(
      fc.property(graphs(6), (graph) => {
        expect(structured(graph).gates.size).toBe(fewestByTrying(graph))
      }),
      { numRuns: 200 },
    )
  })

  it('handles graphs larger than any definition, in bounded time', () => {
    const size = 1_000
    const needs = Array.from({ length: size }, (_, index) =>
      [index - 1, index - 7, index - 31].filter((other) => other >= 0 && (index * 7 + other) % 3 > 0),
    )
    const graph = makeGraph(needs.map((own, index) => [`n${index}`, own.map((other) => `n${other}`)]))
    expect(structured(graph).ids).toHaveLength(size)
  })
})

function structured(graph: Graph) {
  const { ids, order } = orderOf(transitiveReduction(graph))
  return { ids, ...structureOf(order) }
}

type Times = Map<number, { start: number; end: number }>

/** Simulates Step Functions on the structure by repeated relaxation: a gate opens when its producers have ended. */
function run(
  tree: Tree,
  gates: ReadonlyMap<number, readonly number[]>,
  durationOf: (node: number) => number,
): Times {
  let times: Times = new Map()
  for (;;) {
    const next: Times = new Map()
    const visit = (part: Tree, start: number): number => {
      if (part.kind === 'sequence') return part.parts.reduce((at, inside) => visit(inside, at), start)
      if (part.kind === 'parallel') return Math.max(...part.branches.map((branch) => visit(branch, start)))
      const opened = (gates.get(part.node) ?? []).map((producer) => times.get(producer)?.end ?? 0)
      const begun = Math.max(start, ...opened)
      next.set(part.node, { start: begun, end: begun + durationOf(part.node) })
      return begun + durationOf(part.node)
    }
    visit(tree, 0)
    if (JSON.stringify([...next]) === JSON.stringify([...times])) return next
    times = next
  }
}

/** The smallest set of nodes that lose a need, over all edge sets with a series-parallel remainder (brute force). */
function fewestByTrying(graph: Graph): number {
  const reduced = transitiveReduction(graph)
  const edges = [...reduced].flatMap(([to, needs]) => [...needs].map((from) => ({ from, to })))
  let fewest = reduced.size
  for (let dropped = 0; dropped < 2 ** edges.length; dropped++) {
    const kept = edges.filter((_, index) => !(dropped & (1 << index)))
    const gone = edges.filter((_, index) => dropped & (1 << index))
    const gated = new Set(gone.map(({ to }) => to)).size
    if (gated >= fewest) continue
    const rest = makeGraph(
      [...reduced.keys()].map((id) => [id, kept.filter(({ to }) => to === id).map(({ from }) => from)]),
    )
    if (structured(rest).gates.size === 0) fewest = gated
  }
  return fewest
}
