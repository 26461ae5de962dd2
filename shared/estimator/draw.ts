import { type Random, standardNormal } from '../domain/random.ts'
import { BUCKETS_IN_DECADE, type Histogram } from '../domain/statistics.ts'

/** A value of a distribution, from a number between 0 and 1. */
export type Draw = (random: Random) => number

/** How much lower a bucket begins than it ends. */
const WIDTH = 1 - 10 ** (-1 / BUCKETS_IN_DECADE)

/** As often from each bucket as it weighs, and evenly from within it. Undefined for an empty histogram. */
export function drawFrom(histogram: Histogram): Draw | undefined {
  const filled = histogram.filter(({ weight }) => weight > 0)
  if (filled.length === 0) return undefined
  const bounds = Float64Array.from(filled, ({ bound }) => bound)
  const sums = new Float64Array(filled.length)
  let total = 0
  for (const [at, { weight }] of filled.entries()) {
    total += weight
    sums[at] = total
  }
  const last = filled.length - 1
  return (random) => {
    const wanted = random() * total
    let at = 0
    while (at < last && (sums[at] as number) < wanted) at++
    return (bounds[at] as number) * (1 - WIDTH * random())
  }
}

/** Around a median, nine in ten below two and a half times of it: as agents' calls usually are. */
export function drawAround(median: number): Draw {
  return (random) => median * Math.exp(SPREAD * standardNormal(random))
}
const SPREAD = 0.7

/** The one for a share of the draws, the other for the rest. */
export function mixed(share: number, one: Draw, other: Draw): Draw {
  return (random) => (random() < share ? one(random) : other(random))
}
