import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decompose, primesOf, type Tree } from '../../shared/compiler/decompose.ts'
import { ancestorsOf, type Graph, makeGraph, transitiveReduction } from '../../shared/workflow/graph.ts'

/** Random graphs: each node may need any of those before it. */
const graphs = fc
  .integer({ min: 1, max: 12 })
  .chain((size) =>
    fc.tuple(fc.constant(size), fc.array(fc.boolean(), { minLength: size * size, maxLength: size * size })),
  )
  .map(([size, edges]) => {
    const nodes = Array.from({ length: size }, (_, index) => `n${index}`)
    return makeGraph(
      nodes.map((id, to) => [id, nodes.filter((_, from) => from < to && edges[to * size + from])] as const),
    )
  })

/** Random series-parallel graphs, built as trees so that the right answer is known. */
const trees: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant({ kind: 'step', id: '' } as Tree),
    fc.array(tie('tree'), { minLength: 2, maxLength: 3 }).map((parts): Tree => ({ kind: 'sequence', parts })),
    fc
      .array(tie('tree'), { minLength: 2, maxLength: 3 })
      .map((branches): Tree => ({ kind: 'parallel', branches })),
  ),
})).tree

describe('decompose', () => {
  it('holds every node exactly once (D1)', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        expect(idsIn(decompose(graph)).sort()).toEqual([...graph.keys()].sort())
      }),
    )
  })

  it('honours every edge and orders nothing else, where nothing is prime (D2, D3)', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const tree = decompose(transitiveReduction(graph))
        fc.pre(primesOf(tree).length === 0)
        expect(orderOf(tree)).toEqual(orderIn(graph))
      }),
    )
  })

  it('takes every series-parallel graph apart completely (D3, D5)', () => {
    fc.assert(
      fc.property(trees, (shape) => {
        const numbered = numberSteps(shape)
        const graph = graphOf(numbered)
        const tree = decompose(transitiveReduction(graph))
        expect(primesOf(tree)).toEqual([])
        expect(orderOf(tree)).toEqual(orderIn(graph))
      }),
    )
  })

  it('gives equal trees for equal graphs, however written (D4)', () => {
    fc.assert(
      fc.property(graphs, fc.infiniteStream(fc.nat()), (graph, chance) => {
        const shuffled = [...graph]
          .map((entry) => ({ entry, at: chance.next().value }))
          .sort((a, b) => a.at - b.at)
        const again = makeGraph(shuffled.map(({ entry: [id, needs] }) => [id, [...needs].reverse()] as const))
        expect(decompose(again)).toEqual(decompose(graph))
      }),
    )
  })

  it('names what is not series-parallel (D5)', () => {
    const graph = makeGraph([
      ['a', []],
      ['b', []],
      ['c', ['a']],
      ['d', ['a', 'b']],
      ['e', ['c', 'd']],
    ])
    expect(primesOf(decompose(graph))).toEqual([['a', 'b', 'c', 'd']])
  })
})

function idsIn(tree: Tree): string[] {
  if (tree.kind === 'step') return [tree.id]
  if (tree.kind === 'prime') return tree.ids
  return (tree.kind === 'sequence' ? tree.parts : tree.branches).flatMap(idsIn)
}

/** Pairs `before > after` that the structure imposes. */
function orderOf(tree: Tree): Set<string> {
  const pairs = new Set<string>()
  const visit = (node: Tree): void => {
    if (node.kind === 'parallel') node.branches.forEach(visit)
    if (node.kind !== 'sequence') return
    node.parts.forEach((part, index) => {
      visit(part)
      for (const later of node.parts.slice(index + 1)) {
        for (const before of idsIn(part)) for (const after of idsIn(later)) pairs.add(`${before} > ${after}`)
      }
    })
  }
  visit(tree)
  return sorted(pairs)
}

function orderIn(graph: Graph): Set<string> {
  const pairs = [...ancestorsOf(graph)].flatMap(([after, all]) =>
    [...all].map((before) => `${before} > ${after}`),
  )
  return sorted(pairs)
}

const sorted = (pairs: Iterable<string>): Set<string> => new Set([...pairs].sort())

function numberSteps(tree: Tree, next = { id: 0 }): Tree {
  if (tree.kind === 'sequence')
    return { kind: 'sequence', parts: tree.parts.map((part) => numberSteps(part, next)) }
  if (tree.kind === 'parallel')
    return { kind: 'parallel', branches: tree.branches.map((part) => numberSteps(part, next)) }
  return { kind: 'step', id: `n${next.id++}` }
}

/** The graph that a tree stands for: every step of a part needs every step of the part before it. */
function graphOf(tree: Tree): Graph {
  const needs = new Map(idsIn(tree).map((id) => [id, new Set<string>()]))
  const visit = (node: Tree): void => {
    if (node.kind === 'parallel') node.branches.forEach(visit)
    if (node.kind !== 'sequence') return
    node.parts.forEach((part, index) => {
      visit(part)
      const before = node.parts[index - 1]
      for (const id of idsIn(part))
        for (const earlier of before ? idsIn(before) : []) needs.get(id)?.add(earlier)
    })
  }
  visit(tree)
  return makeGraph(needs)
}
