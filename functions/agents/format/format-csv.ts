import { cellOf, type Row, textOfCell } from '../_support/cells.ts'
import { printNumber } from '../_support/numbers.ts'
import type { ColumnReading } from '../_support/table.ts'

type Style = Pick<ColumnReading, 'name' | 'decimals' | 'missing'>
type Options = { columns?: readonly Style[] | undefined; spreadsheet?: boolean | undefined }

/**
 * RFC 4180: the columns of all rows in order of first appearance, nested values as JSON text. `columns`, as a table was read with, gives its
 * cells the text that they had. `spreadsheet` is for programs that run what a cell says (OWASP, CSV injection) and need a byte order mark to
 * see UTF-8: it changes such cells, so it must be asked for.
 */
export function formatCsv(rows: readonly Row[], { columns = [], spreadsheet = false }: Options = {}): string {
  const styles = new Map(columns.map((column) => [column.name, column]))
  const names = new Set<string>()
  for (const row of rows) for (const name of Object.keys(row)) names.add(name)
  if (names.size === 0) return ''
  const field = (text: string): string => quoted(spreadsheet ? withoutFormula(text) : text)
  const header = [...names].map(field)
  const lines = rows.map((row) =>
    [...names].map((name) => field(written(cellOf(row, name), styles.get(name)))),
  )
  const text = [header, ...lines].map(lineOf)
  return `${spreadsheet ? '\uFEFF' : ''}${text.join('\r\n')}\r\n`
}

function written(cell: Row[string], style: Style | undefined): string {
  if (cell === null) return style?.missing ?? ''
  return typeof cell === 'number' ? printNumber(cell, style?.decimals) : textOfCell(cell)
}

/** A lone empty cell is quoted: an empty line would be no row to whoever reads it. */
function lineOf(fields: string[]): string {
  return fields.length === 1 && fields[0] === '' ? '""' : fields.join(',')
}

/** Spaces at the ends are quoted too: some readers take them for no part of the cell. */
function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Numbers are no formulas, though they begin with a minus. */
function withoutFormula(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
}
