import type { Correlations, Outliers, Profile, Trends } from '../analysis/schemas.ts'
import { literal, percent, table } from './markdown.ts'
import type { Chart } from './schemas.ts'

const MAX_PAIRS = 8

export function profileSection({ rows, columns, notes }: Profile): string {
  const lines = columns.map(({ name, type, missing, distinct, min, max, mean, top }) => [
    name,
    type,
    missing,
    distinct,
    min,
    max,
    mean ??
      top
        ?.map(({ value, count }) => `${value} (${count})`)
        .slice(0, 3)
        .join(', '),
  ])
  const incomplete = columns.filter(({ missing }) => missing > 0).length
  const gaps = incomplete === 0 ? 'No cell is missing.' : `${incomplete} of them have missing cells.`
  const others = columns
    .filter((column) => column.others !== undefined)
    .map((column) => `${column.name}: ${column.others} cells are of another type, and in no figure`)
  const remarks = [...notes, ...others].map((note) => `- ${literal(note)}`).join('\n')
  const intro = `${rows.toLocaleString('en')} rows, ${columns.length} ${columns.length === 1 ? 'column' : 'columns'}. ${gaps}`
  return `## The data\n\n${intro}\n\n${table(['column', 'type', 'missing', 'distinct', 'min', 'max', 'mean or most frequent'], lines)}${remarks && `\n\n${remarks}`}`
}

export function trendsSection({ over, per, trends }: Trends, charts: readonly Chart[]): string {
  if (trends.length === 0) return '## Trends\n\nThere is no number column.'
  const lines = trends.map(({ column, direction, slope, r2, change }) => [
    column,
    direction,
    slope,
    r2,
    direction === 'flat' || change === undefined ? '' : signed(change),
  ])
  const unit = (per ?? over) === 'row' ? 'per row' : 'per day'
  const images = charts.map(({ title, name }) => `![${literal(title)}](${name})`).join('\n\n')
  const note = `Straight lines over ${literal(over)}; r² is the share of the variation that the line explains, so a low one means season or noise rather than trend, and is called flat. The change is from the mean of the first tenth to that of the last.`
  return `## Trends\n\n${note}\n\n${table(['column', 'direction', unit, 'r²', 'change'], lines)}\n\n${images}`.trim()
}

export function correlationsSection({ pairs }: Correlations): string {
  const telling = pairs.filter(({ strength }) => strength !== 'none').slice(0, MAX_PAIRS)
  if (telling.length === 0) return '## What moves together\n\nNo two columns do.'
  const lines = telling.map(({ a, b, r, n, strength }) => [`${a} and ${b}`, r, strength, n])
  return `## What moves together\n\n${table(['columns', 'r', 'strength', 'rows'], lines)}`
}

export function outliersSection({ columns }: Outliers): string {
  const some = columns.filter(({ count }) => count > 0)
  if (some.length === 0) return '## Outliers\n\nNo value is far outside its column.'
  const lines = some.map(({ column, low, high, count, share, examples }) => [
    column,
    `${low} to ${high}`,
    count,
    percent(share),
    examples
      .map(({ row, value }) => `${value} (row ${row})`)
      .slice(0, 3)
      .join(', '),
  ])
  return `## Outliers\n\n${table(['column', 'usual range', 'outside', 'share', 'farthest'], lines)}`
}

function signed(share: number): string {
  return `${share > 0 ? '+' : ''}${percent(share)}`
}
