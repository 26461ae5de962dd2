import { canonicalJson, type Json } from 'orchestrator/agent'

/** A row of a table: JSON, whose cells may be nested. */
export type Row = Record<string, Json>

/** The cell of a column; null where the row has none. A column may be named as a member that every object inherits (`toString`). */
export function cellOf(row: Readonly<Row>, column: string): Json {
  return Object.hasOwn(row, column) ? (row[column] ?? null) : null
}

/** Equal for equal cells of one type only: 1 is not "1", null is not "null". */
export function keyOf(cells: readonly Json[]): string {
  return canonicalJson(cells)
}

/**
 * A total order, the same on every machine: numbers by value, then text by its UTF-16 code units (capitals before small letters, as the C
 * locale of databases has it), then false and true, then nested values by their JSON text, missing cells at the end.
 */
export function compareCells(a: Json, b: Json): number {
  const [x, y] = [rankOf(a), rankOf(b)]
  if (x !== y) return x - y
  const [left, right] = x === NESTED ? [canonicalJson(a), canonicalJson(b)] : [a, b]
  if (left === right || left === null || right === null) return 0
  return left < right ? -1 : 1
}

const NESTED = 3
const MISSING = 4

function rankOf(cell: Json): number {
  if (cell === null) return MISSING
  if (typeof cell === 'object') return NESTED
  return ['number', 'string', 'boolean'].indexOf(typeof cell)
}

/** A cell as people read it: text as it is, nested values as JSON. */
export function textOfCell(cell: Json): string {
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell)
}
