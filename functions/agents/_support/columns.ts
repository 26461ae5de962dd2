import type { Cell, Row } from './table.ts'

type ColumnType = 'number' | 'date' | 'boolean' | 'text' | 'empty'

export type Column = { name: string; type: ColumnType; cells: Cell[] }

/** The columns of a table with the type that nearly all of their cells have. */
export function columnsOf(rows: readonly Row[]): Column[] {
  const names = new Set<string>()
  for (const row of rows) for (const name of Object.keys(row)) names.add(name)
  return [...names].map((name) => {
    const cells = rows.map((row) => row[name] ?? null)
    return { name, type: typeOf(cells), cells }
  })
}

export function numbersOf(column: Column): number[] {
  return column.cells.filter((cell) => typeof cell === 'number')
}

/** Milliseconds since 1970 of each cell that is a date. */
export function timeOf(cell: Cell): number | undefined {
  if (typeof cell !== 'string' || !DATE.test(cell)) return undefined
  const time = Date.parse(cell)
  return Number.isNaN(time) ? undefined : time
}

const DATE =
  /^\d{4}[-/]\d{1,2}([-/]\d{1,2})?([T ].*)?$|^\d{1,2}[-/]\d{1,2}[-/]\d{4}$|^[A-Z][a-z]{2} \d{1,2},? \d{4}$/
const NEARLY_ALL = 0.95

function typeOf(cells: readonly Cell[]): ColumnType {
  const present = cells.filter((cell) => cell !== null)
  if (present.length === 0) return 'empty'
  const nearlyAll = (is: (cell: Cell) => boolean): boolean =>
    present.filter(is).length >= present.length * NEARLY_ALL
  if (nearlyAll((cell) => typeof cell === 'number')) return 'number'
  if (nearlyAll((cell) => typeof cell === 'boolean')) return 'boolean'
  return nearlyAll((cell) => timeOf(cell) !== undefined) ? 'date' : 'text'
}

/** Six significant digits: what a person reads, without the noise of binary fractions. */
export function rounded(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : 0
}
