import { leastWidth, lineWidth, padTo, wrapLine } from './layout.ts'
import { style } from './output.ts'
import { print } from './terminal.ts'
import { visible } from './visible.ts'
import { stringWidth } from './width.ts'

type Row = readonly string[]

const GAP = 2

export function printTable(header: Row, rows: readonly Row[]): void {
  for (const line of tableLines(header, rows)) print(line)
}

/** Whether each row fits on one line. */
export const fits = (header: Row, rows: readonly Row[], width = lineWidth()): boolean =>
  totalOf(naturalWidths(header, rows)) <= width

/**
 * Columns as wide as their widest cell. On a narrower line cells wrap; where that would break words, each row becomes
 * a list of its cells.
 */
export function tableLines(header: Row, rows: readonly Row[], width = lineWidth()): string[] {
  const clean = rows.map((row) => header.map((_title, column) => inOneLine(row[column] ?? '')))
  const least = header.map((_title, column) => widestOf([header, ...clean], column, leastWidth))
  const widths = shrunk(naturalWidths(header, clean), least, width)
  if (totalOf(widths) > width) return clean.flatMap((row) => recordLines(header, row, width))
  return [header, ...clean].flatMap((row, at) => {
    const lines = linesOf(row, widths)
    return at === 0 ? lines.map((line) => style('dim', line)) : lines
  })
}

/** Before it is measured: what is shown in place of a character may be wider. */
const inOneLine = (text: string): string => visible(text.replaceAll(/[\s\p{Cc}]+/gu, ' '))

const naturalWidths = (header: Row, rows: readonly Row[]): number[] =>
  header.map((_title, column) => widestOf([header, ...rows], column, stringWidth))

/** Not by `Math.max(...)`: of 100,000 rows that would be more arguments than a call may have. */
const widestOf = (rows: readonly Row[], column: number, widthOf: (cell: string) => number): number =>
  rows.reduce((widest, row) => Math.max(widest, widthOf(row[column] ?? '')), 0)

const totalOf = (widths: readonly number[]): number =>
  widths.reduce((sum, one) => sum + one, GAP * (widths.length - 1))

/** Shrinks the widest columns first: to the highest common limit with which the table fits. */
function shrunk(natural: readonly number[], least: readonly number[], width: number): number[] {
  const atLevel = (level: number): number[] =>
    natural.map((one, column) => Math.max(Math.min(one, level), least[column] ?? 0))
  let low = 0
  let high = Math.max(0, ...natural)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (totalOf(atLevel(middle)) <= width) low = middle
    else high = middle - 1
  }
  return atLevel(low)
}

function linesOf(row: Row, widths: readonly number[]): string[] {
  const cells = row.map((cell, column) => wrapLine(cell, widths[column] ?? 0))
  const height = Math.max(1, ...cells.map((lines) => lines.length))
  return Array.from({ length: height }, (_, at) =>
    cells
      .map((lines, column) => padTo(lines[at] ?? '', widths[column] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd(),
  )
}

function recordLines(header: Row, row: Row, width: number): string[] {
  const titles = Math.max(...header.map((title) => stringWidth(title.trim())))
  const names = Math.min(titles, Math.floor(width / 3))
  const lines = header.flatMap((title, column) => {
    const cell = (row[column] ?? '').trim()
    return cell === '' ? [] : linesOf([title.trim(), cell], [names, width - names - GAP])
  })
  return [...lines, '']
}
