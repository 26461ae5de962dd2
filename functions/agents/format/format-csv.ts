import { cellOf, type Row, textOfCell } from '../_support/cells.ts'
import { printNumber } from '../_support/numbers.ts'
import type { ColumnReading } from '../_support/table.ts'

type Style = Pick<ColumnReading, 'name' | 'decimals' | 'missing'>
type Options = { columns?: readonly Style[] | undefined; spreadsheet?: boolean | undefined }

/**
 * RFC 4180: the columns of all rows in order of first appearance, nested values as JSON text. `columns`, from reading a table, restores
 * the original text of its cells. `spreadsheet` guards against formula injection (OWASP, CSV injection) and adds a byte order mark, without
 * which spreadsheets do not read UTF-8; it changes cells, so it must be asked for.
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

/** A lone empty cell is quoted: CSV readers skip an empty line. */
function lineOf(fields: string[]): string {
  return fields.length === 1 && fields[0] === '' ? '""' : fields.join(',')
}

/** Leading and trailing spaces are quoted too: some readers trim unquoted cells. */
function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A number is no formula, even with a leading minus. */
function withoutFormula(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
}
