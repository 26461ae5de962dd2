import { cellOf, compareCells, type Row } from '../_support/cells.ts'
import { requireColumn } from './require-column.ts'

/** A stable sort; missing cells come last in either direction. `-column` is descending, unless a column has that very name. */
export function sortRows(rows: Row[], orderBy: string): Row[] {
  const literal = rows.some((row) => Object.hasOwn(row, orderBy))
  const descending = !literal && orderBy.startsWith('-')
  const column = descending ? orderBy.slice(1) : orderBy
  if (rows.length > 0) requireColumn(rows, column)
  return rows.toSorted((a, b) => {
    const [x, y] = [cellOf(a, column), cellOf(b, column)]
    if (x === null || y === null) return Number(x === null) - Number(y === null)
    return descending ? compareCells(y, x) : compareCells(x, y)
  })
}
