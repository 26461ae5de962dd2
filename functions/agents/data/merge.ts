import { cellOf, type Row } from '../_support/cells.ts'
import type { Table } from '../_support/table.ts'
import { type JoinKind, joinRows } from './join-rows.ts'

/** Without a key the tables are appended; with one, each is joined to the rows so far. */
export function merge(
  tables: readonly Row[][],
  { on, join = 'left' }: { on?: string | undefined; join?: JoinKind | undefined } = {},
): { rows: Row[]; notes: string[] } {
  const [first = [], ...others] = tables
  if (on === undefined) return { rows: tables.flat(), notes: [] }
  return others.reduce<{ rows: Row[]; notes: string[] }>(
    (sofar, other, index) => {
      const { rows, notes } = joinRows(sofar.rows, other, { on, kind: join, number: index + 2 })
      return { rows, notes: [...sofar.notes, ...notes] }
    },
    { rows: first, notes: [] },
  )
}

/**
 * Columns that one CSV was guessed to have as numbers and another source has as text. Each guess looked at its own file only; such columns
 * are read as text everywhere, or the keys of one source would not match those of the other.
 */
export function columnsThatAreText(tables: readonly Table[]): Set<string> {
  const guessed = new Set(
    tables.flatMap(({ columns = [] }) =>
      columns.filter(({ type }) => type !== 'text').map(({ name }) => name),
    ),
  )
  const isText = (name: string): boolean =>
    tables.some(({ rows }) => rows.some((row) => typeof cellOf(row, name) === 'string'))
  return new Set([...guessed].filter(isText))
}
