import { max, min, sampleCorrelation } from 'simple-statistics'
import type { Row } from '../_support/cells.ts'
import { type Column, columnsOf, rounded } from '../_support/columns.ts'
import type { Correlations } from './schemas.ts'

const MAX_COLUMNS = 40
const MIN_ROWS = 3

/** Pearson's r of each pair of number columns over the rows that have both, strongest first. */
export function correlate(rows: readonly Row[]): Correlations {
  const numeric = columnsOf(rows).filter(({ type }) => type === 'number')
  const columns = numeric.slice(0, MAX_COLUMNS)
  const pairs = columns.flatMap((a, index) => columns.slice(index + 1).flatMap((b) => pairOf(a, b)))
  const notes =
    numeric.length > MAX_COLUMNS
      ? [`only the first ${MAX_COLUMNS} of ${numeric.length} number columns were compared`]
      : []
  return { pairs: pairs.sort((x, y) => Math.abs(y.r) - Math.abs(x.r)), notes }
}

/** Empty for a pair with too few rows in common, or with a constant column. */
function pairOf(a: Column, b: Column): Correlations['pairs'] {
  const both = a.cells.flatMap((x, row) => {
    const y = b.cells[row]
    return typeof x === 'number' && typeof y === 'number' ? [[x, y] as const] : []
  })
  const xs = both.map(([x]) => x)
  const ys = both.map(([, y]) => y)
  // Compares the values themselves: rounding gives a constant column of 0.1 a deviation slightly above 0.
  if (both.length < MIN_ROWS || min(xs) === max(xs) || min(ys) === max(ys)) return []
  const r = rounded(Math.max(-1, Math.min(1, sampleCorrelation(xs, ys))))
  if (r === undefined) return []
  return [{ a: a.name, b: b.name, r, n: both.length, strength: strengthOf(Math.abs(r)) }]
}

function strengthOf(r: number): string {
  if (r >= 0.7) return 'strong'
  if (r >= 0.4) return 'moderate'
  return r >= 0.2 ? 'weak' : 'none'
}
