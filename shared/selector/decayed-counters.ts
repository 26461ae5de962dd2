/**
 * What agents have done, weighted by how long ago: counters that are only ever added to.
 *
 * A contribution at time t counts 2^((t - L)/H) from the landmark L of its epoch on, as an integer, so that old contributions lose
 * weight against new ones without being touched (forward decay: Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009).
 *
 * Invariants (tests cite them):
 * counters/A1 the order of additions does not matter, so writers need no condition and no lock
 * counters/A2 a sum read at any time is that of the exact arithmetic, within a relative 1e-4; what is older than 32 half-lives may be forgotten, all of
 *    it at once
 * counters/A3 a sum of 10^9 contributions in one epoch has at most 38 digits, what DynamoDB keeps of a number
 */

import {
  type Additions,
  BUCKETS_IN_DECADE,
  type EpochCounters,
  type Histogram,
  type Outcome,
} from '../domain/statistics.ts'

const HALF_LIFE_SECONDS = 900
/** Longer epochs would overflow (counters/A3). */
const HALF_LIVES_IN_EPOCH = 32
/** A contribution at an epoch's beginning; the rounding of weights is a millionth of it. */
const UNIT = 1e6
/** Of a weight; far below that of one call of the last hours. */
const ROUNDING = 1e-6
const MILLISECOND = 1e-3
const NANODOLLAR = 1e-9

const BUCKETS = 64
/** The upper bound of the first bucket of each histogram: of latencies in seconds, of costs in US dollars, of tokens. */
const FIRST_BUCKET = { h: 1e-3, c: 1e-6, t: 1 }
export type Measure = keyof typeof FIRST_BUCKET

/** Sums at one time, each contribution weighted by its age: half as much every half-life. */
export type Sums = {
  /** How many attempts these are worth. */
  count: number
  quality: number
  residual: number
  /** As many of these as have failed, and of those as many after which the same agent is asked again. */
  failures: number
  retryable: number
  latencySeconds: number
  costUsd: number
  tokens: number
  /** How many there were, whatever their age. */
  calls: number
  /** As many of these have succeeded. */
  successes: number
}

type Decay = { halfLifeSeconds?: number }

const namesOf = (measure: Measure): string[] =>
  Array.from({ length: BUCKETS }, (_, bucket) => `${measure}${bucket}`)
/** Of the counters of each bucket. */
const NAMES: Record<Measure, string[]> = { h: namesOf('h'), c: namesOf('c'), t: namesOf('t') }

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
  const { quality, residual, failed, retryable = false, latencySeconds, costUsd, tokens = 0 } = outcome
  const counters: Record<string, bigint> = {
    w: weighted(1),
    wq: weighted(quality),
    wr: weighted(residual),
    wl: weighted(latencySeconds / MILLISECOND),
    wc: weighted(costUsd / NANODOLLAR),
    n: 1n,
    [`h${bucketOf(latencySeconds, FIRST_BUCKET.h)}`]: weighted(1),
  }
  // What is nothing for most agents is not kept.
  if (failed) {
    counters.wf = weighted(1)
    counters.nf = 1n
    if (retryable) counters.wy = weighted(1)
  }
  if (costUsd > 0) counters[`c${bucketOf(costUsd, FIRST_BUCKET.c)}`] = weighted(1)
  if (tokens > 0) {
    counters.wt = weighted(tokens)
    counters[`t${bucketOf(tokens, FIRST_BUCKET.t)}`] = weighted(1)
  }
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
    sums.failures += of('wf')
    sums.retryable += of('wy')
    sums.latencySeconds += of('wl') * MILLISECOND
    sums.costUsd += of('wc') * NANODOLLAR
    sums.tokens += of('wt')
    sums.calls += counters.n ?? 0
    sums.successes += (counters.n ?? 0) - (counters.nf ?? 0)
  }
  return sums
}

export const noSums = (): Sums => ({
  count: 0,
  quality: 0,
  residual: 0,
  failures: 0,
  retryable: 0,
  latencySeconds: 0,
  costUsd: 0,
  tokens: 0,
  calls: 0,
  successes: 0,
})

/** Of several agents, or of one at several capabilities. */
export function addSums(all: readonly Sums[]): Sums {
  const total = noSums()
  for (const sums of all) {
    total.count += sums.count
    total.quality += sums.quality
    total.residual += sums.residual
    total.failures += sums.failures
    total.retryable += sums.retryable
    total.latencySeconds += sums.latencySeconds
    total.costUsd += sums.costUsd
    total.tokens += sums.tokens
    total.calls += sums.calls
    total.successes += sums.successes
  }
  return total
}

/** Of one measure, without its empty buckets; calls that cost nothing, or took no tokens, stand at 0. */
export function histogramAt(
  epochs: readonly EpochCounters[],
  at: number,
  measure: Measure,
  { halfLifeSeconds = HALF_LIFE_SECONDS }: Decay = {},
): Histogram {
  const weights = new Array<number>(BUCKETS).fill(0)
  let rest = 0
  for (const { epoch, counters } of epochs) {
    const scale = 2 ** (epoch * HALF_LIVES_IN_EPOCH - at / halfLifeSeconds) / UNIT
    rest += (counters.w ?? 0) * scale
    for (const [bucket, name] of NAMES[measure].entries()) {
      const more = counters[name]
      if (more === undefined) continue
      weights[bucket] = (weights[bucket] ?? 0) + more * scale
      rest -= more * scale
    }
  }
  const filled = weights.flatMap((weight, bucket) =>
    weight > 0 ? [{ bound: FIRST_BUCKET[measure] * 10 ** (bucket / BUCKETS_IN_DECADE), weight }] : [],
  )
  // What the sums leave over is of calls without any, or of rounding.
  return rest > ROUNDING ? [{ bound: 0, weight: rest }, ...filled] : filled
}

/** What a share of the calls stay below, as the upper bound of its bucket; undefined without any. */
export function quantileOf(histogram: Histogram, share: number): number | undefined {
  const total = histogram.reduce((sum, { weight }) => sum + weight, 0)
  let below = 0
  for (const { bound, weight } of histogram) {
    below += weight
    if (below >= share * total) return bound
  }
  return histogram.at(-1)?.bound
}

/** Ten buckets a decade; the last has no end. */
function bucketOf(value: number, first: number): number {
  const bucket = Math.ceil(BUCKETS_IN_DECADE * Math.log10(value / first))
  return Math.min(BUCKETS - 1, Math.max(0, bucket))
}
