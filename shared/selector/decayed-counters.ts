/**
 * Exponentially decayed statistics of agents, as counters that are only incremented.
 *
 * A contribution at time t counts 2^((t - L)/H) from the landmark L of its epoch on, as an integer, so that old contributions lose
 * weight against new ones without being touched (forward decay: Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009).
 *
 * Invariants (tests cite them):
 * counters/A1 additions commute, so writers need no condition and no lock
 * counters/A2 a sum read at any time equals that of exact arithmetic within a relative 1e-4; contributions older than 32 half-lives may be
 *    dropped, all at once
 * counters/A3 a sum of 10^9 contributions in one epoch has at most 38 digits, DynamoDB's precision of numbers
 */

import type { FailureKind } from '../domain/failure-kinds.ts'
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
/** The weight of a contribution at an epoch's beginning; weights are rounded to a millionth of it. */
const UNIT = 1e6
/** Weights below this are rounding errors; one call of the last hours weighs far more. */
const ROUNDING = 1e-6
const MILLISECOND = 1e-3
const NANODOLLAR = 1e-9

const BUCKETS = 64
/** The upper bound of each histogram's first bucket: latencies (h) in seconds, costs (c) in US dollars, tokens (t). */
const FIRST_BUCKET = { h: 1e-3, c: 1e-6, t: 1 }
export type Measure = keyof typeof FIRST_BUCKET

/** Sums at one time, each contribution weighted by its age: half as much every half-life. */
export type Sums = {
  /** Decayed number of attempts. */
  count: number
  quality: number
  residual: number
  /** Decayed number of failures, and of those that were transient, final, timeouts, or configuration. */
  failures: number
  transient: number
  final: number
  timeouts: number
  configuration: number
  latencySeconds: number
  costUsd: number
  tokens: number
  /** Number of calls without decay. */
  calls: number
  /** Number of successes without decay. */
  successes: number
}

/** The counter of each kind of failure; the rest of the failures are errors of no known kind. */
const COUNTER_OF_KIND: Readonly<Record<FailureKind, string | undefined>> = {
  transient: 'wy',
  final: 'wx',
  timeout: 'wo',
  configuration: 'wg',
  error: undefined,
}

type Decay = { halfLifeSeconds?: number }

const namesOf = (measure: Measure): string[] =>
  Array.from({ length: BUCKETS }, (_, bucket) => `${measure}${bucket}`)
/** The counter names of each bucket. */
const NAMES: Record<Measure, string[]> = { h: namesOf('h'), c: namesOf('c'), t: namesOf('t') }

/** The increments for an outcome, and their epoch. `at` in seconds since 1970. */
export function additionsOf(
  outcome: Outcome,
  at: number,
  { halfLifeSeconds = HALF_LIFE_SECONDS }: Decay = {},
): Additions {
  const { epoch, weighted } = weightAt(at, halfLifeSeconds)
  const { quality, residual, failed, kind, latencySeconds, costUsd, tokens = 0 } = outcome
  const counters: Record<string, bigint> = {
    w: weighted(1),
    wq: weighted(quality),
    wr: weighted(residual),
    wl: weighted(latencySeconds / MILLISECOND),
    wc: weighted(costUsd / NANODOLLAR),
    n: 1n,
    [`h${bucketOf(latencySeconds, FIRST_BUCKET.h)}`]: weighted(1),
  }
  // Counters that are 0 for most agents are left out.
  if (failed) {
    counters.wf = weighted(1)
    counters.nf = 1n
    const counter = kind && COUNTER_OF_KIND[kind]
    if (counter !== undefined) counters[counter] = weighted(1)
  }
  if (costUsd > 0) counters[`c${bucketOf(costUsd, FIRST_BUCKET.c)}`] = weighted(1)
  if (tokens > 0) {
    counters.wt = weighted(tokens)
    counters[`t${bucketOf(tokens, FIRST_BUCKET.t)}`] = weighted(1)
  }
  return { epoch, counters }
}

/** The increments that replace one quality of a contribution by another; those of a chain of corrections add up to the last one exactly. */
export function correctionOf(
  { from, to }: { from: number; to: number },
  at: number,
  { halfLifeSeconds = HALF_LIFE_SECONDS }: Decay = {},
): Additions {
  const { epoch, weighted } = weightAt(at, halfLifeSeconds)
  return { epoch, counters: { wq: weighted(to) - weighted(from) } }
}

/** The epoch of a contribution, and its values with their weight in it. */
function weightAt(at: number, halfLifeSeconds: number) {
  const epochSeconds = HALF_LIVES_IN_EPOCH * halfLifeSeconds
  const epoch = Math.floor(at / epochSeconds)
  const weight = UNIT * 2 ** ((at - epoch * epochSeconds) / halfLifeSeconds)
  return { epoch, weighted: (value: number): bigint => BigInt(Math.round(weight * value)) }
}

/** The epochs whose counters still have weight at a time: the current and the previous one. */
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
    sums.transient += of('wy')
    sums.final += of('wx')
    sums.timeouts += of('wo')
    sums.configuration += of('wg')
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
  transient: 0,
  final: 0,
  timeouts: 0,
  configuration: 0,
  latencySeconds: 0,
  costUsd: 0,
  tokens: 0,
  calls: 0,
  successes: 0,
})

/** Sums over several agents, or over several capabilities. */
export function addSums(all: readonly Sums[]): Sums {
  const total = noSums()
  for (const sums of all) {
    total.count += sums.count
    total.quality += sums.quality
    total.residual += sums.residual
    total.failures += sums.failures
    total.transient += sums.transient
    total.final += sums.final
    total.timeouts += sums.timeouts
    total.configuration += sums.configuration
    total.latencySeconds += sums.latencySeconds
    total.costUsd += sums.costUsd
    total.tokens += sums.tokens
    total.calls += sums.calls
    total.successes += sums.successes
  }
  return total
}

/** The histogram of one measure without empty buckets; free calls, or calls without tokens, are in bucket 0. */
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
  // The rest of the weight belongs to calls with value 0, or is rounding.
  return rest > ROUNDING ? [{ bound: 0, weight: rest }, ...filled] : filled
}

/** A quantile of the histogram, as the upper bound of its bucket; undefined without calls. */
export function quantileOf(histogram: Histogram, share: number): number | undefined {
  const total = histogram.reduce((sum, { weight }) => sum + weight, 0)
  let below = 0
  for (const { bound, weight } of histogram) {
    below += weight
    if (below >= share * total) return bound
  }
  return histogram.at(-1)?.bound
}

/** Ten buckets for each factor of ten; the last is unbounded. */
function bucketOf(value: number, first: number): number {
  const bucket = Math.ceil(BUCKETS_IN_DECADE * Math.log10(value / first))
  return Math.min(BUCKETS - 1, Math.max(0, bucket))
}
