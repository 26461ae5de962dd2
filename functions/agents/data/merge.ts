import type { Row } from '../_support/table.ts'
import { requireColumn } from './require-column.ts'

/** Without a key the tables stand one under the other; with one, later tables add columns to the rows of the first. */
export function merge(tables: Row[][], on: string | undefined): Row[] {
  const [first = [], ...others] = tables
  if (on === undefined) return tables.flat()
  requireColumn(first, on)
  return others.reduce((rows, other) => {
    requireColumn(other, on)
    const byKey = new Map(other.map((row) => [row[on], row]))
    return rows.map((row) => ({ ...byKey.get(row[on]), ...row }))
  }, first)
}
