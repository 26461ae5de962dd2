import { max, mean, median, min, standardDeviation } from 'simple-statistics'
import { type Column, columnsOf, numbersOf, rounded, timeOf } from '../_support/columns.ts'
import { boundedNotes, type Table } from '../_support/table.ts'
import type { Profile } from './schemas.ts'

const TOP = 5
const MAX_SHOWN = 200

export function profile({ rows, columns = [], notes }: Table): Profile {
  const reasons = new Map(columns.map(({ name, why }) => [name, why]))
  const profiled = columnsOf(rows)
  return {
    rows: rows.length,
    columns: profiled.map((column) => {
      const why = reasons.get(column.name)
      return { ...profileColumn(column), ...(why === undefined ? {} : { why }) }
    }),
    notes: boundedNotes([...notes, ...profiled.flatMap(assumedDayOrder)]),
  }
}

function assumedDayOrder({ name, dayOrder }: Column): string[] {
  if (!dayOrder?.guessed) return []
  return [`column ${JSON.stringify(name)}: dates are read ${dayOrder.order}, which none of them shows`]
}

function profileColumn(column: Column): Profile['columns'][number] {
  const present = column.cells.filter((cell) => cell !== null)
  const common = {
    name: column.name,
    type: column.type,
    missing: column.cells.length - present.length,
    distinct: new Set(present).size,
  }
  if (column.type === 'number') {
    const numbers = numbersOf(column)
    return { ...common, ...othersOf(present.length - numbers.length), ...numberFacts(numbers) }
  }
  if (column.type === 'date') {
    const dates = present.flatMap((cell) => {
      const time = timeOf(column, cell)
      return time === undefined ? [] : [{ text: String(cell), time }]
    })
    return { ...common, ...othersOf(present.length - dates.length), ...rangeOf(dates) }
  }
  return column.type === 'empty' ? common : { ...common, top: topOf(present.map(String)) }
}

/** The number of cells that do not have the column's type, which its statistics leave out. */
function othersOf(others: number): { others?: number } {
  return others === 0 ? {} : { others }
}

function numberFacts(numbers: number[]) {
  const facts = {
    mean: rounded(mean(numbers)),
    median: rounded(median(numbers)),
    standardDeviation: rounded(standardDeviation(numbers)),
  }
  const known = Object.entries(facts).filter(([, value]) => value !== undefined)
  return { min: min(numbers), max: max(numbers), ...Object.fromEntries(known) }
}

function rangeOf(dates: { text: string; time: number }[]) {
  const sorted = dates.toSorted((a, b) => a.time - b.time)
  return { min: sorted[0]?.text ?? '', max: sorted.at(-1)?.text ?? '' }
}

/** Cut short: a cell may hold a very long text. */
function shortened(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text
}

function topOf(texts: string[]) {
  return [...Map.groupBy(texts, (text) => text)]
    .map(([value, all]) => ({ value, count: all.length }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, TOP)
    .map(({ value, count }) => ({ value: shortened(value), count }))
}
