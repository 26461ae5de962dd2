import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decompose, type Prime, primesOf, type Tree } from '../../shared/compiler/decompose.ts'
import { orderOf } from '../../shared/compiler/order.ts'
import { type Graph, makeGraph, transitiveReduction } from '../../shared/workflow/graph.ts'
import { graphs, pairsOf, shuffled } from '../support/random/random-graphs.ts'

/** Random series-parallel structures, for which the right answer is known. */
const trees: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant<Tree>({ kind: 'step', node: 0 }),
    fc.array(tie('tree'), { minLength: 2, maxLength: 3 }).map((parts): Tree => ({ kind: 'sequence', parts })),
    fc
      .array(tie('tree'), { minLength: 2, maxLength: 3 })
      .map((branches): Tree => ({ kind: 'parallel', branches })),
  ),
})).tree

describe('decompose', () => {
  it('holds every node exactly once (decompose/D1)', () => {
    fc.assert(
      fc.property(graphs(), (graph) => {
        const { ids, tree } = takeApart(graph)
        expect(nodesIn(tree).sort((a, b) => a - b)).toEqual(ids.map((_, node) => node))
      }),
    )
  })

  it('honours every edge and adds no ordering, for series-parallel graphs (decompose/D2, decompose/D3)', () => {
    fc.assert(
      fc.property(graphs(), (graph) => {
        const { ids, tree } = takeApart(graph)
        fc.pre(primesOf(tree).length === 0)
        expect(pairsIn(tree, ids)).toEqual(pairsOf(graph))
      }),
    )
  })

  it('takes every series-parallel graph apart completely (decompose/D3, decompose/D5)', () => {
    fc.assert(
      fc.property(trees, (shape) => {
        const graph = graphOf(numberSteps(shape))
        const { ids, tree } = takeApart(graph)
        expect(primesOf(tree)).toEqual([])
        expect(pairsIn(tree, ids)).toEqual(pairsOf(graph))
      }),
    )
  })

  it('gives equal trees for equal graphs, however written (decompose/D4)', () => {
    fc.assert(
      fc.property(graphs(), fc.infiniteStream(fc.nat()), (graph, chance) => {
        expect(takeApart(shuffled(graph, () => chance.next().value))).toEqual(takeApart(graph))
      }),
    )
  })

  it('returns sets that are not series-parallel as `prime` (decompose/D5)', () => {
    const graph = makeGraph([
      ['a', []],
      ['b', []],
      ['c', ['a']],
      ['d', ['a', 'b']],
      ['e', ['c', 'd']],
    ])
    expect(primesOf(takeApart(graph).tree)).toEqual([{ kind: 'prime', nodes: [0, 1, 2, 3] }])
  })
})

function takeApart(graph: Graph): { ids: string[]; tree: Tree<Prime> } {
  const { ids, order } = orderOf(transitiveReduction(graph))
  return { ids, tree: decompose(order) }
}

function nodesIn(tree: Tree<Prime>): number[] {
  if (tree.kind === 'step') return [tree.node]
  if (tree.kind === 'prime') return tree.nodes
  return (tree.kind === 'sequence' ? tree.parts : tree.branches).flatMap(nodesIn)
}

/** Pairs `before > after` that the structure implies, sorted. */
function pairsIn(tree: Tree<Prime>, ids: readonly string[]): string[] {
  const pairs: string[] = []
  const visit = (part: Tree<Prime>): void => {
    if (part.kind === 'parallel') part.branches.forEach(visit)
    if (part.kind !== 'sequence') return
    for (const [index, inside] of part.parts.entries()) {
      visit(inside)
      for (const after of part.parts.slice(index + 1).flatMap(nodesIn))
        for (const before of nodesIn(inside)) pairs.push(`${ids[before]} > ${ids[after]}`)
    }
  }
  visit(tree)
  return pairs.sort()
}

function numberSteps(tree: Tree, next = { node: 0 }): Tree {
  const inside = (part: Tree): Tree => numberSteps(part, next)
  if (tree.kind === 'sequence') return { kind: 'sequence', parts: tree.parts.map(inside) }
  if (tree.kind === 'parallel') return { kind: 'parallel', branches: tree.branches.map(inside) }
  return { kind: 'step', node: next.node++ }
}

/** The graph of a structure: every step of a part needs every step of the previous part. */
function graphOf(tree: Tree): Graph {
  const needs = new Map(nodesIn(tree).map((node) => [node, new Set<number>()]))
  const visit = (part: Tree): void => {
    if (part.kind === 'parallel') part.branches.forEach(visit)
    if (part.kind !== 'sequence') return
    for (const [index, inside] of part.parts.entries()) {
      visit(inside)
      const earlier = part.parts[index - 1]
      for (const node of nodesIn(inside))
        for (const before of earlier ? nodesIn(earlier) : []) needs.get(node)?.add(before)
    }
  }
  visit(tree)
  return makeGraph([...needs].map(([node, before]) => [`n${node}`, [...before].map((one) => `n${one}`)]))
}
