import { OrchestratorError } from 'orchestrator/agent'
import { cellOf, keyOf, type Row } from '../_support/cells.ts'
import { type Measure, measureGroup } from './measure.ts'
import { requireColumn } from './require-column.ts'

/** One row per group in order of first appearance. Without `groupBy` it is one row for all rows, even if there are none. */
export function aggregate(
  rows: Row[],
  { groupBy, measures }: { groupBy: string[]; measures: Record<string, Measure> },
): { rows: Row[]; notes: string[] } {
  for (const name of groupBy) {
    if (rows.length > 0) requireColumn(rows, name)
    if (Object.hasOwn(measures, name))
      throw new OrchestratorError(
        'InvalidInputError',
        `measure "${name}" has the name of a column that is grouped by; call it something else`,
      )
  }
  for (const { column } of Object.values(measures))
    if (column !== undefined && rows.length > 0) requireColumn(rows, column)
  const notes: string[] = []
  const result = groupsOf(rows, groupBy).map((members) => {
    const keys = groupBy.map((column) => [column, cellOf(members[0] ?? {}, column)] as const)
    const values = Object.entries(measures).map(([name, measure]) => {
      const { cell, note } = measureGroup(name, measure, members)
      if (note) notes.push(note)
      return [name, cell] as const
    })
    return Object.fromEntries([...keys, ...values])
  })
  return { rows: result, notes }
}

function groupsOf(rows: Row[], groupBy: string[]): Row[][] {
  if (groupBy.length === 0) return [rows]
  const groups = Map.groupBy(rows, (row) => keyOf(groupBy.map((column) => cellOf(row, column))))
  return [...groups.values()]
}
