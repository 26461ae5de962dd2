import { quantile } from 'simple-statistics'
import type { Row } from '../_support/cells.ts'
import { columnsOf, numbersOf, rounded } from '../_support/columns.ts'
import type { Outliers } from './schemas.ts'

/** Tukey's fences (1977): an outlier lies more than 1.5 interquartile ranges beyond the quartiles. */
const FENCE = 1.5
const EXAMPLES = 5

export function findOutliers(rows: readonly Row[]): Outliers {
  const columns = columnsOf(rows).filter(({ type }) => type === 'number')
  return {
    columns: columns.map((column) => {
      const numbers = numbersOf(column)
      const [q1 = 0, q3 = 0] = quantile(numbers, [0.25, 0.75])
      const low = q1 - FENCE * (q3 - q1)
      const high = q3 + FENCE * (q3 - q1)
      const outside = column.cells.flatMap((value, row) => {
        return typeof value === 'number' && (value < low || value > high) ? [{ row: row + 1, value }] : []
      })
      const farthest = outside.toSorted((a, b) => beyond(b.value, low, high) - beyond(a.value, low, high))
      return {
        column: column.name,
        low: rounded(low) ?? -Number.MAX_VALUE,
        high: rounded(high) ?? Number.MAX_VALUE,
        count: outside.length,
        share: rounded(outside.length / numbers.length) ?? 0,
        examples: farthest.slice(0, EXAMPLES),
      }
    }),
    notes: [],
  }
}

const beyond = (value: number, low: number, high: number): number => Math.max(low - value, value - high)
