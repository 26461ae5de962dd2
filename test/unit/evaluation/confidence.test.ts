import { describe, expect, it } from 'vitest'
import { pOfWorse, wilsonInterval } from '../../../cli/evaluate/confidence.ts'
import type { Result } from '../../../cli/evaluate/run-cases.ts'
import { compare, summaryOf } from '../../../cli/evaluate/summary.ts'
import { seededRandom } from '../../../shared/domain/random.ts'

const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 3))
const ones = (count: number, of: number) => Array.from({ length: of }, (_, at) => Number(at < count))

describe('the interval of a mean', () => {
  // Brown, Cai, DasGupta: Interval estimation for a binomial proportion, 2001; and https://epitools.ausvet.com.au
  it.each([
    [8, 10, [0.4902, 0.9433]],
    [0, 10, [0, 0.2775]],
    [10, 10, [0.7225, 1]],
    [80, 100, [0.7112, 0.8666]],
  ])("of %d in %d is Wilson's (confidence/C1)", (count, of, interval) => {
    expect(wilsonInterval(ones(count, of))).toEqual(close(interval))
  })

  it('has the true mean of graded scores at least as often as it says (confidence/C1)', () => {
    const random = seededRandom('graded')
    let hits = 0
    for (let trial = 0; trial < 1_000; trial++) {
      // Mean 0.75, and far from normal.
      const [least, most] = wilsonInterval(Array.from({ length: 20 }, () => 1 - random() ** 3))
      if (least <= 0.75 && 0.75 <= most) hits++
    }
    expect(hits).toBeGreaterThanOrEqual(950)
  })

  it.each([1, 2, 3, 5, 10, 33, 100])(
    'ends at the mean where all %d scores are one end of the scale (confidence/C1)',
    (of) => {
      expect(wilsonInterval(ones(of, of))[1]).toBe(1)
      expect(wilsonInterval(ones(0, of))[0]).toBe(0)
    },
  )

  it('says nothing without scores', () => {
    expect(wilsonInterval([])).toEqual([0, 1])
  })
})

describe('the test of two versions', () => {
  it.each([
    [[-1, -1, -1, -1], 1 / 16],
    [[-1, -1, -1, -1, -1], 1 / 32],
    [[-0.1, -0.2, -0.3, -0.4, -0.5, 0, 0], 1 / 32],
    [[1, 1, 1, 1, 1], 1],
    [[-1, 1], 3 / 4],
    [[0, 0], 1],
    [[], 1],
  ])('of %j has p = %d (confidence/C2)', (differences, p) => {
    expect(pOfWorse(differences)).toBe(p)
  })

  it('is drawn for many differences, and near the exact one', () => {
    const differences = [...Array.from({ length: 16 }, () => -1), ...Array.from({ length: 8 }, () => 1)]
    // Binomial: at least 16 of 24.
    expect(pOfWorse(differences)).toBeCloseTo(0.0758, 2)
  })

  it('calls a version worse that is none in at most one of twenty trials', () => {
    const random = seededRandom('none')
    let wrong = 0
    for (let trial = 0; trial < 400; trial++)
      if (pOfWorse(Array.from({ length: 10 }, () => random() - random())) < 0.05) wrong++
    expect(wrong / 400).toBeLessThanOrEqual(0.08)
  })
})

const result = (score: number, more: Partial<Result> = {}): Result => ({
  id: 'a',
  tags: [],
  evaluation: { score },
  costUsd: 0,
  tokens: 0,
  ...more,
})

describe('a summary', () => {
  it('has means, costs, the median time, and the means of tags', () => {
    const results = [
      result(1, { costUsd: 0.5, tokens: 10, seconds: 3, tags: ['x', 'y'] }),
      result(0.5, { costUsd: 0.25, seconds: 1, tags: ['y'] }),
      result(0),
    ]
    expect(summaryOf('w@1', results)).toEqual({
      label: 'w@1',
      cases: 3,
      score: 0.5,
      interval: close([0.1253, 0.8747]),
      costUsd: 0.75,
      tokens: 10,
      medianSeconds: 1,
      tags: { x: { cases: 1, score: 1 }, y: { cases: 2, score: 0.75 } },
    })
  })

  it('of two versions says which is better, and how sure that is', () => {
    const [low, high] = [ones(0, 5), ones(5, 5)].map((scores) => scores.map((score) => result(score)))
    const told = { against: 'w@1', p: 1 / 32 }
    expect(compare(low ?? [], high ?? [], 'w@1')).toEqual({
      ...told,
      difference: -1,
      better: 0,
      equal: 0,
      worse: 5,
      verdict: 'worse',
    })
    expect(compare(high ?? [], low ?? [], 'w@1')).toMatchObject({ ...told, difference: 1, verdict: 'better' })
    const few = (results: readonly Result[] = []) => results.slice(0, 4)
    expect(compare(few(low), few(high), 'w@1')).toMatchObject({ verdict: 'no clear difference', p: 1 / 16 })
  })
})
