import { max, mean, median, min, standardDeviation } from 'simple-statistics'
import { type Column, columnsOf, numbersOf, rounded } from '../_support/columns.ts'
import type { Row } from '../_support/table.ts'
import type { Profile } from './schemas.ts'

const TOP = 5

export function profile(rows: readonly Row[]): Profile {
  return { rows: rows.length, columns: columnsOf(rows).map(profileColumn) }
}

function profileColumn(column: Column): Profile['columns'][number] {
  const present = column.cells.filter((cell) => cell !== null)
  const common = {
    name: column.name,
    type: column.type,
    missing: column.cells.length - present.length,
    distinct: new Set(present).size,
  }
  if (column.type === 'number') return { ...common, ...numberFacts(numbersOf(column)) }
  const texts = present.map(String)
  if (column.type === 'date') return { ...common, ...rangeOf(texts) }
  return column.type === 'empty' ? common : { ...common, top: topOf(texts) }
}

function numberFacts(numbers: number[]) {
  return {
    min: min(numbers),
    max: max(numbers),
    mean: rounded(mean(numbers)),
    median: rounded(median(numbers)),
    standardDeviation: rounded(standardDeviation(numbers)),
  }
}

function rangeOf(dates: string[]) {
  const sorted = dates.toSorted((a, b) => Date.parse(a) - Date.parse(b))
  return { min: sorted[0] ?? '', max: sorted.at(-1) ?? '' }
}

function topOf(texts: string[]) {
  return [...Map.groupBy(texts, (text) => text)]
    .map(([value, all]) => ({ value, count: all.length }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, TOP)
}
