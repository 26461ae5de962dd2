import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareIds } from '../../../shared/domain/compare-ids.ts'
import {
  ancestorsOf,
  criticalPath,
  findCycle,
  makeGraph,
  topologicalOrder,
  transitiveReduction,
} from '../../../shared/workflow/graph.ts'
import { cpuMilliseconds } from '../../support/runner/cpu-time.ts'

const graphOf = (needs: Record<string, string[]>) => makeGraph(Object.entries(needs))

describe('graph', () => {
  it('orders steps after what they need', () => {
    expect(topologicalOrder(graphOf({ c: ['b'], b: ['a'], a: [], d: [] }))).toEqual(['a', 'd', 'b', 'c'])
  })

  it('orders ids as people count, by a total order', () => {
    const ids = ['s10', 's2', 's1_b9', 's1_b10', 's02', 's1', 's', 'S3', 'r7']
    expect(ids.toSorted(compareIds)).toEqual(['S3', 'r7', 's', 's1', 's1_b9', 's1_b10', 's02', 's2', 's10'])
    const id = fc.stringMatching(/^[a-b0-2_]{0,6}$/)
    fc.assert(
      fc.property(id, id, id, (a, b, c) => {
        expect(Math.sign(compareIds(a, b)) + Math.sign(compareIds(b, a))).toBe(0)
        expect(compareIds(a, b) === 0).toBe(a === b)
        if (compareIds(a, b) <= 0 && compareIds(b, c) <= 0) expect(compareIds(a, c)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 2_000 },
    )
    const number = fc.nat(2_000)
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(Math.sign(compareIds(`s${a}x`, `s${b}x`))).toBe(Math.sign(a - b))
      }),
    )
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

  it('orders and reduces a thousand steps that need two hundred each in a moment', () => {
    const id = (at: number): string => `s${String(at).padStart(4, '0')}`
    const needs = (at: number): string[] =>
      Array.from({ length: Math.min(200, at) }, (_, back) => id(at - 1 - back))
    const dense = makeGraph(Array.from({ length: 1_000 }, (_, at) => [id(at), needs(at)] as const))
    const began = cpuMilliseconds()
    const reduced = transitiveReduction(dense)
    expect(topologicalOrder(dense)).toEqual([...dense.keys()])
    expect([...reduced.values()].reduce((sum, some) => sum + some.size, 0)).toBe(999)
    expect(ancestorsOf(dense).get(id(999))?.size).toBe(999)
    expect(cpuMilliseconds() - began).toBeLessThan(2_000)
  })

  it('finds the longest path by weight', () => {
    const weights: Record<string, number> = { a: 1, b: 5, c: 2, d: 1 }
    const graph = graphOf({ a: [], b: ['a'], c: ['a'], d: ['b', 'c'] })
    expect(criticalPath(graph, (id) => weights[id] ?? 0)).toEqual({ path: ['a', 'b', 'd'], length: 7 })
  })
})
