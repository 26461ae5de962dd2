/**
 * What agents have done, weighted by how long ago: counters that are only ever added to.
 *
 * A contribution at time t counts 2^((t - L)/H) from the landmark L of its epoch on, as an integer, so that old contributions lose
 * weight against new ones without being touched (forward decay: Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009).
 *
 * Invariants (tests cite them):
 * A1 the order of additions does not matter, so writers need no condition and no lock
 * A2 a sum read at any time is that of the exact arithmetic, within a relative 1e-4
 * A3 a sum of 10^9 contributions in one epoch has at most 38 digits, what DynamoDB keeps of a number
 */

import type { Additions, EpochCounters, Outcome } from '../domain/statistics.ts'

const HALF_LIFE_SECONDS = 900
/** Longer epochs would overflow (A3). */
const HALF_LIVES_IN_EPOCH = 32
/** A contribution at an epoch's beginning; the rounding of weights is a millionth of it. */
const UNIT = 1e6
const MILLISECOND = 1e-3
const NANODOLLAR = 1e-9

const BUCKETS_IN_DECADE = 10
const BUCKETS = 64
/** The upper bound of the first bucket, in seconds. */
const FIRST_BUCKET_SECONDS = 0.001

/** Sums at one time, each contribution weighted by its age: half as much every half-life. */
export type Sums = {
  /** How many attempts these are worth. */
  count: number
  quality: number
  residual: number
  latencySeconds: number
  costUsd: number
  tokens: number
  /** How many there were, whatever their age. */
  calls: number
}

type Decay = { halfLifeSeconds?: number }

/** What an outcome at a time adds, to which epoch. `at` in seconds since 1970. */
export function additionsOf(
  outcome: Outcome,
  at: number,
  { halfLifeSeconds = HALF_LIFE_SECONDS }: Decay = {},
): Additions {
  const epochSeconds = HALF_LIVES_IN_EPOCH * halfLifeSeconds
  const epoch = Math.floor(at / epochSeconds)
  const weight = UNIT * 2 ** ((at - epoch * epochSeconds) / halfLifeSeconds)
  const weighted = (value: number): bigint => BigInt(Math.round(weight * value))
  const { quality, residual, latencySeconds, costUsd, tokens = 0 } = outcome
  const counters: Record<string, bigint> = {
    w: weighted(1),
    wq: weighted(quality),
    wr: weighted(residual),
    wl: weighted(latencySeconds / MILLISECOND),
    wc: weighted(costUsd / NANODOLLAR),
    n: 1n,
    [`h${bucketOf(latencySeconds)}`]: weighted(1),
  }
  if (tokens > 0) counters.wt = weighted(tokens)
  return { epoch, counters }
}

/** Epochs whose counters may still count at a time: that of the time, and the one before. */
export function epochsAt(at: number, { halfLifeSeconds = HALF_LIFE_SECONDS }: Decay = {}): [number, number] {
  const epoch = Math.floor(at / (HALF_LIVES_IN_EPOCH * halfLifeSeconds))
  return [epoch, epoch - 1]
}

/** The sums at a time. */
export function sumsAt(
  epochs: readonly EpochCounters[],
  at: number,
  { halfLifeSeconds = HALF_LIFE_SECONDS }: Decay = {},
): Sums {
  const sums = noSums()
  for (const { epoch, counters } of epochs) {
    const age = at - epoch * HALF_LIVES_IN_EPOCH * halfLifeSeconds
    const scale = 2 ** (-age / halfLifeSeconds) / UNIT
    const of = (name: string): number => (counters[name] ?? 0) * scale
    sums.count += of('w')
    sums.quality += of('wq')
    sums.residual += of('wr')
    sums.latencySeconds += of('wl') * MILLISECOND
    sums.costUsd += of('wc') * NANODOLLAR
    sums.tokens += of('wt')
    sums.calls += counters.n ?? 0
  }
  return sums
}

export const noSums = (): Sums => ({
  count: 0,
  quality: 0,
  residual: 0,
  latencySeconds: 0,
  costUsd: 0,
  tokens: 0,
  calls: 0,
})

/** Of several agents, or of one at several capabilities. */
export function addSums(all: readonly Sums[]): Sums {
  const total = noSums()
  for (const sums of all) {
    total.count += sums.count
    total.quality += sums.quality
    total.residual += sums.residual
    total.latencySeconds += sums.latencySeconds
    total.costUsd += sums.costUsd
    total.tokens += sums.tokens
    total.calls += sums.calls
  }
  return total
}

/** The latency in seconds below which a share of the calls was, as the upper bound of its bucket; undefined without any. */
export function latencyQuantile(
  epochs: readonly EpochCounters[],
  at: number,
  share: number,
  { halfLifeSeconds = HALF_LIFE_SECONDS }: Decay = {},
): number | undefined {
  const weights = new Array<number>(BUCKETS).fill(0)
  for (const { epoch, counters } of epochs) {
    const scale = 2 ** (epoch * HALF_LIVES_IN_EPOCH - at / halfLifeSeconds)
    for (const [bucket, weight] of weights.entries())
      weights[bucket] = weight + (counters[`h${bucket}`] ?? 0) * scale
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total <= 0) return undefined
  let below = 0
  const bucket = weights.findIndex((weight) => {
    below += weight
    return below >= share * total
  })
  return upperBoundOf(bucket === -1 ? BUCKETS - 1 : bucket)
}

/** Ten buckets a decade from a millisecond on; the last has no end. */
function bucketOf(latencySeconds: number): number {
  const bucket = Math.ceil(BUCKETS_IN_DECADE * Math.log10(latencySeconds / FIRST_BUCKET_SECONDS))
  return Math.min(BUCKETS - 1, Math.max(0, bucket))
}

const upperBoundOf = (bucket: number): number => FIRST_BUCKET_SECONDS * 10 ** (bucket / BUCKETS_IN_DECADE)
