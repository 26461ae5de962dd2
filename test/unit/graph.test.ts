import { describe, expect, it } from 'vitest'
import {
  criticalPath,
  findCycle,
  makeGraph,
  topologicalOrder,
  transitiveReduction,
} from '../../shared/workflow/graph.ts'

const graphOf = (needs: Record<string, string[]>) => makeGraph(Object.entries(needs))

describe('graph', () => {
  it('orders steps after what they need', () => {
    expect(topologicalOrder(graphOf({ c: ['b'], b: ['a'], a: [], d: [] }))).toEqual(['a', 'd', 'b', 'c'])
  })

  it('finds a cycle anywhere, and none where there is none', () => {
    expect(findCycle(graphOf({ a: [], b: ['a', 'd'], c: ['b'], d: ['c'] }))).toEqual(['b', 'c', 'd', 'b'])
    expect(findCycle(graphOf({ a: [], b: ['a'], c: ['a', 'b'] }))).toBeUndefined()
  })

  it('walks a chain of 20,000 steps without exhausting the stack', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => [`s${i}`, i === 0 ? [] : [`s${i - 1}`]] as const)
    expect(findCycle(makeGraph(chain))).toBeUndefined()
  })

  it('drops edges that another path implies', () => {
    expect(transitiveReduction(graphOf({ a: [], b: ['a'], c: ['a', 'b'] })).get('c')).toEqual(new Set(['b']))
  })

  it('finds the longest path by weight', () => {
    const weights: Record<string, number> = { a: 1, b: 5, c: 2, d: 1 }
    const graph = graphOf({ a: [], b: ['a'], c: ['a'], d: ['b', 'c'] })
    expect(criticalPath(graph, (id) => weights[id] ?? 0)).toEqual({ path: ['a', 'b', 'd'], length: 7 })
  })
})
