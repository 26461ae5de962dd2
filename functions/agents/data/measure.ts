import { type Json, OrchestratorError } from 'orchestrator/agent'
import { cellOf, compareCells, type Row } from '../_support/cells.ts'
import { PLAIN_NUMBER } from '../_support/numbers.ts'
import { exactSum } from './exact-sum.ts'

export type Measure = {
  function: 'count' | 'sum' | 'mean' | 'median' | 'min' | 'max'
  column?: string | undefined
}

/** A statistic, with a note if it may surprise the reader. */
type Measured = { cell: Json; note?: string }

/**
 * One statistic of a group. Missing cells are left out, as in SQL: without a value `count` is 0 and all others are null. Text counts as a
 * number where it is a plain one ("12.50"); otherwise `min` and `max` compare it as text, and the others throw InvalidInputError.
 */
export function measureGroup(name: string, { function: statistic, column }: Measure, rows: Row[]): Measured {
  if (column === undefined) {
    if (statistic === 'count') return { cell: rows.length }
    throw bad(`measure "${name}" (${statistic}) needs a column`)
  }
  const cells = rows.map((row) => cellOf(row, column)).filter((cell) => cell !== null)
  if (statistic === 'count') return { cell: cells.length }
  if (cells.length === 0) return { cell: null }
  if (statistic === 'min' || statistic === 'max') return { cell: extremeOf(cells, statistic) }
  const numbers = cells.map((cell) => {
    if (isNumeric(cell)) return cell
    throw bad(
      `measure "${name}": column "${column}" has ${shown(cell)}, which is no number, so there is no ${statistic}`,
    )
  })
  if (statistic === 'median') return { cell: medianOf(numbers) }
  const { value, exact } = exactSum(numbers)
  if (statistic === 'mean') return { cell: value / numbers.length }
  if (exact === undefined) return { cell: value }
  return { cell: exact, note: `measure "${name}" has ${exact} as text: no number holds it exactly` }
}

function isNumeric(cell: Json): cell is number | string {
  return typeof cell === 'number' || (typeof cell === 'string' && PLAIN_NUMBER.test(cell))
}

/** The extreme by value if all cells are numbers, otherwise by the order in which rows are sorted. */
function extremeOf(cells: readonly Json[], statistic: 'min' | 'max'): Json {
  const numeric = cells.every(isNumeric)
  const order = numeric ? (a: Json, b: Json) => Number(a) - Number(b) : compareCells
  const sign = statistic === 'min' ? 1 : -1
  return cells.reduce((best, cell) => (sign * order(cell, best) < 0 ? cell : best))
}

function medianOf(numbers: readonly (number | string)[]): Json {
  const sorted = numbers.toSorted((a, b) => Number(a) - Number(b))
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1)
  return middle.length === 1 ? (middle[0] ?? null) : exactSum(middle).value / 2
}

/** Cut short for messages: a cell may hold a very long text. */
function shown(cell: Json): string {
  const text = JSON.stringify(cell)
  return text.length > 80 ? `${text.slice(0, 80)}...` : text
}

function bad(message: string): OrchestratorError {
  return new OrchestratorError('InvalidInputError', message)
}
