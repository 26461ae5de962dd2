import { type Random, standardNormal } from '../domain/random.ts'
import { BUCKETS_IN_DECADE, type Histogram } from '../domain/statistics.ts'

/** A value of a distribution, from a number between 0 and 1. */
export type Draw = (random: Random) => number

/** How much lower a bucket begins than it ends. */
const WIDTH = 1 - 10 ** (-1 / BUCKETS_IN_DECADE)

/** Where a search for a bucket begins: one in so many parts of the whole. */
const GUIDES = 64

/** As often from each bucket as it weighs, and evenly from within it. Undefined for an empty histogram. */
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
    // Where in its bucket it falls says the same number.
    const within = (wanted - (sums[at] as number)) / ((sums[at + 1] as number) - (sums[at] as number))
    return (bounds[at] as number) * (1 - WIDTH * (1 - within))
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
