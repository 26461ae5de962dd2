import type { Json } from 'orchestrator/agent'
import { cellOf, type Row, textOfCell } from './cells.ts'
import { type DayOrder, dayOrderOf, hasYearLast, timeOfText } from './dates.ts'
import type { Cell } from './type-column.ts'

type ColumnType = 'number' | 'date' | 'boolean' | 'text' | 'empty'

/** `dayOrder`: how ambiguous dates (5/4/2026) were read; `guessed` when no date of the column is unambiguous. */
export type Column = {
  name: string
  type: ColumnType
  cells: Cell[]
  dayOrder?: { order: DayOrder; guessed: boolean }
}

/** The columns of a table with the type that nearly all of their cells have; nested values are their JSON text. */
export function columnsOf(rows: readonly Row[]): Column[] {
  const names = new Set<string>()
  for (const row of rows) for (const name of Object.keys(row)) names.add(name)
  return [...names].map((name) => {
    const cells = rows.map((row) => flat(cellOf(row, name)))
    const texts = cells.filter((cell) => typeof cell === 'string')
    const shown = dayOrderOf(texts)
    const order = shown ?? 'month first'
    const type = typeOf(cells, order)
    const asked = type === 'date' && texts.some(hasYearLast)
    return { name, type, cells, ...(asked ? { dayOrder: { order, guessed: shown === undefined } } : {}) }
  })
}

export function numbersOf(column: Column): number[] {
  return column.cells.filter((cell) => typeof cell === 'number')
}

/** Milliseconds since 1970 of a cell of a column, undefined where it is no date. */
export function timeOf(column: Column, cell: Cell): number | undefined {
  return typeof cell === 'string' ? timeOfText(cell, column.dayOrder?.order) : undefined
}

const NEARLY_ALL = 0.95

function flat(cell: Json): Cell {
  return typeof cell === 'object' && cell !== null ? textOfCell(cell) : cell
}

function typeOf(cells: readonly Cell[], order: DayOrder): ColumnType {
  const present = cells.filter((cell) => cell !== null)
  if (present.length === 0) return 'empty'
  const nearlyAll = (is: (cell: Cell) => boolean): boolean =>
    present.filter(is).length >= present.length * NEARLY_ALL
  if (nearlyAll((cell) => typeof cell === 'number')) return 'number'
  if (nearlyAll((cell) => typeof cell === 'boolean')) return 'boolean'
  const isDate = (cell: Cell): boolean => typeof cell === 'string' && timeOfText(cell, order) !== undefined
  return nearlyAll(isDate) ? 'date' : 'text'
}

const FEWEST_DIGITS = 6

/**
 * A statistic as a person reads it, without the noise of binary fractions: six digits, and never fewer than two behind the point, so that
 * large values keep what they are. Undefined where there is no such number.
 */
export function rounded(value: number): number | undefined {
  if (!Number.isFinite(value)) return undefined
  const whole = Math.abs(value) < 1 ? 0 : Math.floor(Math.log10(Math.abs(value))) + 1
  return Number(value.toPrecision(Math.min(17, Math.max(FEWEST_DIGITS, whole + 2))))
}
