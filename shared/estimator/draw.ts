import { type Random, standardNormal } from '../domain/random.ts'
import { BUCKETS_IN_DECADE, type Histogram } from '../domain/statistics.ts'

/** Draws a value from a distribution. */
export type Draw = (random: Random) => number

/** The relative width of a bucket. */
const WIDTH = 1 - 10 ** (-1 / BUCKETS_IN_DECADE)

/** The size of the guide table in which the search for a bucket starts. */
const GUIDES = 64

/** Draws a bucket by weight, then uniformly within it. Undefined for an empty histogram. */
export function drawFrom(histogram: Histogram): Draw | undefined {
  const filled = histogram.filter(({ weight }) => weight > 0)
  if (filled.length === 0) return undefined
  const bounds = Float64Array.from(filled, ({ bound }) => bound)
  const sums = new Float64Array(filled.length + 1)
  for (const [at, { weight }] of filled.entries()) sums[at + 1] = (sums[at] as number) + weight
  const last = filled.length - 1
  const total = sums[last + 1] as number
  const guides = Uint8Array.from({ length: GUIDES }, (_, guide) => {
    const from = sums.findIndex((sum) => sum > (guide / GUIDES) * total)
    return Math.max(0, from - 1)
  })
  return (random) => {
    const share = random()
    const wanted = share * total
    let at = guides[Math.floor(share * GUIDES)] as number
    while (at < last && (sums[at + 1] as number) < wanted) at++
    // The same random number gives the position within the bucket.
    const within = (wanted - (sums[at] as number)) / ((sums[at + 1] as number) - (sums[at] as number))
    return (bounds[at] as number) * (1 - WIDTH * (1 - within))
  }
}

/** A log-normal distribution around a median, with p90 at 2.5 times the median, as calls of agents usually have. */
export function drawAround(median: number): Draw {
  return (random) => median * Math.exp(SPREAD * standardNormal(random))
}
const SPREAD = 0.7

/** A mixture: `one` for a share of the draws, otherwise `other`. */
export function mixed(share: number, one: Draw, other: Draw): Draw {
  return (random) => (random() < share ? one(random) : other(random))
}
