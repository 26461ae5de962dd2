/**
 * What the scores of a data set allow to say.
 *
 * Invariants (tests cite them):
 * confidence/C1 the interval is Wilson's for a share, with the mean in place of it: of all values from 0 to 1 with one mean, those that are 0 or 1 vary most,
 *    so it is at least as wide as it has to be
 * confidence/C2 a version is worse where the mean difference of the same cases is below 0 and a permutation test of its signs (one-sided, exact up to 16
 *    differences, else 20,000 seeded draws) has p < 0.05: so never by fewer than five cases
 */
import { seededRandom } from '../../shared/domain/random.ts'

/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959964
const MOST_EXACT = 16
const DRAWS = 20_000
export const LEAST_P = 0.05

export const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

/** The 95 % interval of a mean of scores from 0 to 1 (confidence/C1). */
export function wilsonInterval(scores: readonly number[]): [least: number, most: number] {
  const count = scores.length
  if (count === 0) return [0, 1]
  const mean = meanOf(scores)
  const centre = (mean + Z ** 2 / (2 * count)) / (1 + Z ** 2 / count)
  const reach =
    (Z / (1 + Z ** 2 / count)) * Math.sqrt((mean * (1 - mean)) / count + Z ** 2 / (4 * count ** 2))
  // Rounding would leave the end of the scale just outside where all scores are there.
  return [mean <= 0 ? 0 : Math.max(0, centre - reach), mean >= 1 ? 1 : Math.min(1, centre + reach)]
}

/** How likely differences are as low as these together, where neither version is better (confidence/C2). */
export function pOfWorse(differences: readonly number[]): number {
  const told = differences.filter((difference) => Math.abs(difference) > TINY)
  const sum = told.reduce((total, one) => total + one, 0)
  if (told.length === 0) return 1
  return told.length <= MOST_EXACT ? exactP(told, sum) : drawnP(told, sum)
}

/** Differences below it are rounding. */
const TINY = 1e-9

function exactP(told: readonly number[], sum: number): number {
  const all = 2 ** told.length
  let asLow = 0
  for (let signs = 0; signs < all; signs++) {
    const flipped = told.reduce((total, one, at) => total + ((signs >> at) & 1 ? -one : one), 0)
    if (flipped <= sum + TINY) asLow++
  }
  return asLow / all
}

function drawnP(told: readonly number[], sum: number): number {
  const random = seededRandom(`signs of ${told.length}`)
  let asLow = 0
  for (let draw = 0; draw < DRAWS; draw++) {
    const flipped = told.reduce((total, one) => total + (random() < 0.5 ? -one : one), 0)
    if (flipped <= sum + TINY) asLow++
  }
  return (asLow + 1) / (DRAWS + 1)
}
