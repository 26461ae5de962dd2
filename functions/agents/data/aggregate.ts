import { max, mean, median, min, sum } from 'simple-statistics'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { rounded } from '../_support/columns.ts'
import type { Cell, Row } from '../_support/table.ts'
import { requireColumn } from './require-column.ts'

type Measure = { function: 'count' | 'sum' | 'mean' | 'median' | 'min' | 'max'; column?: string | undefined }

const STATISTICS = { sum, mean, median, min, max }

/** One row per group in the order of first appearance; without `groupBy`, one row for all. */
export function aggregate(
  rows: Row[],
  { groupBy, measures }: { groupBy: string[]; measures: Record<string, Measure> },
): Row[] {
  for (const column of groupBy) requireColumn(rows, column)
  for (const { column } of Object.values(measures)) if (column !== undefined) requireColumn(rows, column)
  const groups = Map.groupBy(rows, (row) => JSON.stringify(groupBy.map((column) => row[column] ?? null)))
  return [...groups.values()].map((members) => {
    const keys = groupBy.map((column): [string, Cell] => [column, members[0]?.[column] ?? null])
    const values = Object.entries(measures).map(([name, measure]): [string, Cell] => [
      name,
      measured(name, measure, members),
    ])
    return Object.fromEntries([...keys, ...values])
  })
}

function measured(name: string, { function: statistic, column }: Measure, members: Row[]): Cell {
  const cells =
    column === undefined
      ? members
      : members.map((row) => row[column]).filter((cell) => cell !== null && cell !== undefined)
  if (statistic === 'count') return cells.length
  if (column === undefined)
    throw new OrchestratorError('InvalidInputError', `measure "${name}" (${statistic}) needs a column`)
  const numbers = cells.filter((cell) => typeof cell === 'number')
  return numbers.length === 0 ? null : rounded(STATISTICS[statistic](numbers))
}
