import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EpochCounters, Outcome } from '../../shared/domain/statistics.ts'
import {
  additionsOf,
  epochsAt,
  histogramAt,
  quantileOf,
  sumsAt,
} from '../../shared/selector/decayed-counters.ts'

const HALF_LIFE = 900
const EPOCH_SECONDS = 32 * HALF_LIFE
const START = 1_790_000_000

type Contribution = Outcome & { at: number }
const contribution = fc.record({
  at: fc.double({ min: START, max: START + 3 * EPOCH_SECONDS, noNaN: true }),
  quality: fc.double({ min: 0, max: 1, noNaN: true }),
  failed: fc.boolean(),
  residual: fc.double({ min: -1, max: 1, noNaN: true }),
  latencySeconds: fc.double({ min: 0.001, max: 900, noNaN: true }),
  costUsd: fc.double({ min: 0, max: 5, noNaN: true }),
})

/** Exact addition, as in DynamoDB. */
function addedUp(contributions: readonly Contribution[]): Map<number, Map<string, bigint>> {
  const epochs = new Map<number, Map<string, bigint>>()
  for (const { at, ...outcome } of contributions) {
    const { epoch, counters } = additionsOf(outcome, at)
    const sums = epochs.get(epoch) ?? new Map<string, bigint>()
    for (const [name, added] of Object.entries(counters)) sums.set(name, (sums.get(name) ?? 0n) + added)
    epochs.set(epoch, sums)
  }
  return epochs
}

function readAt(epochs: ReturnType<typeof addedUp>, at: number): EpochCounters[] {
  return epochsAt(at).flatMap((epoch) => {
    const sums = epochs.get(epoch)
    return sums
      ? [{ epoch, counters: Object.fromEntries([...sums].map(([name, sum]) => [name, Number(sum)])) }]
      : []
  })
}

describe('decayed counters', () => {
  it('equal those of exact arithmetic, for any order of additions (counters/A1, counters/A2)', () => {
    fc.assert(
      fc.property(
        fc.array(contribution, { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0, max: EPOCH_SECONDS / 2, noNaN: true }),
        (contributions, later) => {
          const now = Math.max(...contributions.map(({ at }) => at)) + later
          const sums = sumsAt(readAt(addedUp(contributions), now), now)
          expect(sumsAt(readAt(addedUp(contributions.toReversed()), now), now)).toEqual(sums)
          const [, oldest] = epochsAt(now)
          const kept = contributions.filter(({ at }) => at >= oldest * EPOCH_SECONDS)
          for (const { at } of contributions)
            if (now - at < 32 * HALF_LIFE) expect(at).toBeGreaterThanOrEqual(oldest * EPOCH_SECONDS)
          const exact = (value: (one: Contribution) => number) =>
            kept.reduce((sum, one) => sum + value(one) * 2 ** (-(now - one.at) / HALF_LIFE), 0)
          const size = exact(() => 1)
          const near = (actual: number, expected: number, scale: number) =>
            expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-4 * scale)
          near(sums.count, size, size)
          near(
            sums.quality,
            exact((one) => one.quality),
            size,
          )
          near(
            sums.residual,
            exact((one) => one.residual),
            size,
          )
          near(
            sums.latencySeconds,
            exact((one) => one.latencySeconds),
            exact((one) => one.latencySeconds) + size * 1e-3,
          )
          near(
            sums.costUsd,
            exact((one) => one.costUsd),
            exact((one) => one.costUsd) + size * 1e-6,
          )
        },
      ),
    )
  })

  it('fit into a DynamoDB number at the end of an epoch, with a billion of the largest additions (counters/A3)', () => {
    const worst = {
      quality: 1,
      residual: 1,
      failed: true,
      latencySeconds: 900,
      costUsd: 100,
      tokens: 1_000_000,
    }
    const { counters } = additionsOf(worst, START - (START % EPOCH_SECONDS) + EPOCH_SECONDS - 1e-3)
    for (const added of Object.values(counters))
      expect(String(added * 1_000_000_000n).length).toBeLessThanOrEqual(38)
  })

  it('halve every half-life, and ignore counters two epochs old', () => {
    const one = { at: START, quality: 1, residual: 0, failed: false, latencySeconds: 1, costUsd: 0 }
    const epochs = addedUp([one])
    const countAt = (at: number) => sumsAt(readAt(epochs, at), at).count
    expect(countAt(START)).toBeCloseTo(1, 4)
    expect(countAt(START + HALF_LIFE)).toBeCloseTo(0.5, 4)
    expect(countAt(START + 10 * HALF_LIFE)).toBeCloseTo(2 ** -10, 7)
    expect(countAt(START + 2 * EPOCH_SECONDS)).toBe(0)
  })

  it('tell quantiles of the latency within a bucket, a quarter too much at most', () => {
    const contributions = Array.from({ length: 1_000 }, (_, at) => ({
      at: START + at / 1_000,
      quality: 1,
      failed: false,
      residual: 0,
      latencySeconds: 0.01 * (at + 1),
      costUsd: 0,
    }))
    const epochs = readAt(addedUp(contributions), START + 1)
    for (const [share, exact] of [
      [0.5, 5],
      [0.95, 9.5],
    ] as const) {
      const told = quantileOf(histogramAt(epochs, START + 1, 'h'), share) ?? 0
      expect(told).toBeGreaterThanOrEqual(exact)
      expect(told).toBeLessThan(exact * 1.27)
    }
    expect(quantileOf(histogramAt([], START, 'h'), 0.5)).toBeUndefined()
  })
})
