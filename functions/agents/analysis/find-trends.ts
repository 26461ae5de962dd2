import { linearRegression, linearRegressionLine, mean, rSquared } from 'simple-statistics'
import type { Row } from '../_support/cells.ts'
import { type Column, columnsOf, rounded, timeOf } from '../_support/columns.ts'
import type { Trends } from './schemas.ts'

type Point = [x: number, y: number]

const DAY = 86_400_000
/** The least coefficient of determination (R2) for which a linear trend is reported. */
const MIN_R2 = 0.05
const SERIES_POINTS = 48

/** Each number column against the first date column, or against the row number. */
export function findTrends(rows: readonly Row[]): Trends {
  const columns = columnsOf(rows)
  const dates = fullest(columns.filter(({ type }) => type === 'date'))
  const xOf = (row: number): number | undefined => {
    const time = dates ? timeOf(dates, dates.cells[row] ?? null) : undefined
    return dates ? time && time / DAY : row
  }
  const notes: string[] = []
  const trends = columns
    .filter(({ type }) => type === 'number')
    .flatMap((column) => {
      const points = column.cells.flatMap((cell, row): Point[] => {
        const x = xOf(row)
        return typeof cell === 'number' && x !== undefined ? [[x, cell]] : []
      })
      const trend = trendOf(
        points.sort(([a], [b]) => a - b),
        dates !== undefined,
      )
      if (!trend) notes.push(`column ${JSON.stringify(column.name)} has no trend: no row has it and the date`)
      return trend ? [{ column: column.name, ...trend }] : []
    })
  if (dates?.dayOrder?.guessed) notes.push(`dates are read ${dates.dayOrder.order}, which none of them shows`)
  return { over: dates?.name ?? 'row', per: dates ? 'day' : 'row', trends, notes }
}

/** The date column with the fewest missing cells. */
function fullest(columns: Column[]): Column | undefined {
  const filled = (column: Column): number =>
    column.cells.filter((cell) => timeOf(column, cell) !== undefined).length
  return columns.toSorted((a, b) => filled(b) - filled(a))[0]
}

function trendOf(points: Point[], overTime: boolean): Omit<Trends['trends'][number], 'column'> | undefined {
  if (points.length === 0) return undefined
  const line = linearRegression(points)
  const explained = points.length > 2 ? rSquared(points, linearRegressionLine(line)) : 0
  const r2 = Number.isFinite(explained) ? Math.max(0, explained) : 0
  const tenth = Math.max(1, Math.floor(points.length / 10))
  const first = mean(points.slice(0, tenth).map(([, y]) => y))
  const last = mean(points.slice(-tenth).map(([, y]) => y))
  const change = first === 0 ? undefined : rounded((last - first) / Math.abs(first))
  return {
    direction: r2 < MIN_R2 || line.m === 0 ? 'flat' : line.m > 0 ? 'rising' : 'falling',
    slope: rounded(line.m) ?? 0,
    r2: rounded(r2) ?? 0,
    ...(change === undefined ? {} : { change }),
    series: seriesOf(points, overTime),
  }
}

/** Means of equal slices, few enough to draw. A short rest is merged into the last slice: a mean of a few rows would be noisy. */
function seriesOf(points: Point[], overTime: boolean): { at: string; mean: number }[] {
  const size = Math.max(1, Math.ceil(points.length / SERIES_POINTS))
  const count = Math.max(1, Math.floor(points.length / size))
  return Array.from({ length: count }, (_, index) => {
    const slice = points.slice(index * size, index === count - 1 ? undefined : (index + 1) * size)
    const x = slice[0]?.[0] ?? 0
    const at = overTime ? new Date(x * DAY).toISOString().slice(0, 10) : String(x)
    const average = rounded(mean(slice.map(([, y]) => y)))
    return average === undefined ? [] : [{ at, mean: average }]
  }).flat()
}
