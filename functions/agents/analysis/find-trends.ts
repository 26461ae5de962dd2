import { linearRegression, linearRegressionLine, mean, rSquared } from 'simple-statistics'
import { type Column, columnsOf, rounded, timeOf } from '../_support/columns.ts'
import type { Row } from '../_support/table.ts'
import type { Trends } from './schemas.ts'

type Point = [x: number, y: number]

const DAY = 86_400_000
/** A straight line that explains less than this says nothing. */
const MIN_R2 = 0.05
const SERIES_POINTS = 48

/** Each number column against the first date column, or against the row number. */
export function findTrends(rows: readonly Row[]): Trends {
  const columns = columnsOf(rows)
  const dates = fullest(columns.filter(({ type }) => type === 'date'))
  const xOf = (row: number): number | undefined => {
    const time = dates ? timeOf(dates.cells[row] ?? null) : undefined
    return dates ? time && time / DAY : row
  }
  const trends = columns
    .filter(({ type }) => type === 'number')
    .map((column) => {
      const points = column.cells.flatMap((cell, row): Point[] => {
        const x = xOf(row)
        return typeof cell === 'number' && x !== undefined ? [[x, cell]] : []
      })
      return {
        column: column.name,
        ...trendOf(
          points.sort(([a], [b]) => a - b),
          dates !== undefined,
        ),
      }
    })
  return { over: dates?.name ?? 'row', trends }
}

/** The date column with the fewest gaps. */
function fullest(columns: Column[]): Column | undefined {
  const filled = ({ cells }: Column): number => cells.filter((cell) => timeOf(cell) !== undefined).length
  return columns.toSorted((a, b) => filled(b) - filled(a))[0]
}

function trendOf(points: Point[], overTime: boolean): Omit<Trends['trends'][number], 'column'> {
  const line = linearRegression(points)
  const explained = points.length > 2 ? rSquared(points, linearRegressionLine(line)) : 0
  const r2 = Number.isFinite(explained) ? Math.max(0, explained) : 0
  const tenth = Math.max(1, Math.floor(points.length / 10))
  const first = mean(points.slice(0, tenth).map(([, y]) => y))
  const last = mean(points.slice(-tenth).map(([, y]) => y))
  return {
    direction: r2 < MIN_R2 || line.m === 0 ? 'flat' : line.m > 0 ? 'rising' : 'falling',
    slope: rounded(line.m),
    r2: rounded(r2),
    change: first === 0 ? 0 : rounded((last - first) / Math.abs(first)),
    series: seriesOf(points, overTime),
  }
}

/** Means of equal slices, few enough to draw; a short rest joins the last one, for its mean would be of something else. */
function seriesOf(points: Point[], overTime: boolean): { at: string; mean: number }[] {
  const size = Math.max(1, Math.ceil(points.length / SERIES_POINTS))
  const count = Math.max(1, Math.floor(points.length / size))
  return Array.from({ length: count }, (_, index) => {
    const slice = points.slice(index * size, index === count - 1 ? undefined : (index + 1) * size)
    const x = slice[0]?.[0] ?? 0
    const at = overTime ? new Date(x * DAY).toISOString().slice(0, 10) : String(x)
    return { at, mean: rounded(mean(slice.map(([, y]) => y))) }
  })
}
