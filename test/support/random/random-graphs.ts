import fc from 'fast-check'
import { ancestorsOf, type Graph, makeGraph } from '../../../shared/workflow/graph.ts'

/** Each node may need any of the earlier ones. Sort order and creation order differ: `n10` sorts before `n2`. */
export const graphs = (maxSize = 12): fc.Arbitrary<Graph> =>
  fc
    .integer({ min: 1, max: maxSize })
    .chain((size) =>
      fc.tuple(
        fc.constant(size),
        fc.array(fc.boolean(), { minLength: size * size, maxLength: size * size }),
        fc.array(fc.boolean(), { minLength: size * size, maxLength: size * size }),
      ),
    )
    .map(([size, some, others]) => {
      const nodes = Array.from({ length: size }, (_, index) => `n${index}`)
      // Few edges: with more, nearly all of them would be implied by others.
      const hasEdge = (from: number, to: number): boolean =>
        from < to && some[to * size + from] === true && others[to * size + from] === true
      return makeGraph(nodes.map((id, to) => [id, nodes.filter((_, from) => hasEdge(from, to))] as const))
    })

/** The same graph with nodes and edges in another order. */
export const shuffled = (graph: Graph, chance: () => number): Graph =>
  makeGraph(
    [...graph]
      .map((entry) => ({ entry, at: chance() }))
      .sort((a, b) => a.at - b.at)
      .map(({ entry: [id, needs] }) => [id, [...needs].reverse()] as const),
  )

/** Pairs `before > after`, sorted. */
export const pairsOf = (graph: Graph): string[] =>
  [...ancestorsOf(graph)].flatMap(([after, all]) => [...all].map((before) => `${before} > ${after}`)).sort()
