import { setImmediate } from 'node:timers/promises'
import type { Json } from '../../../shared/domain/json.ts'
import { evaluateExpression } from '../../../shared/workflow/expressions.ts'
import type { Cell, Row } from '../_support/table.ts'
import { requireColumn } from './require-column.ts'

const REST_MILLISECONDS = 20

type Transformation = {
  where?: string | undefined
  select?: Record<string, string> | undefined
  orderBy?: string | undefined
  limit?: number | undefined
}
type JsonRow = Record<string, Json>

export async function transform(
  rows: Row[],
  { where, select, orderBy, limit }: Transformation,
  signal: AbortSignal,
): Promise<JsonRow[]> {
  const kept: JsonRow[] = []
  let rested = performance.now()
  for (const [index, row] of rows.entries()) {
    // Expressions are microtasks only: without a rest no timer could fire, and no deadline or cancellation be heard.
    if (performance.now() - rested > REST_MILLISECONDS) {
      await setImmediate()
      rested = performance.now()
    }
    signal.throwIfAborted()
    const names = { row: row as JsonRow, index }
    if (where !== undefined && (await evaluateExpression(where, names, 'where')) !== true) continue
    kept.push(select ? await selected(select, names) : (row as JsonRow))
  }
  const sorted = orderBy === undefined ? kept : sortRows(kept, orderBy)
  return sorted.slice(0, limit)
}

async function selected(
  select: Record<string, string>,
  names: { row: JsonRow; index: number },
): Promise<JsonRow> {
  const row: JsonRow = {}
  for (const [column, expression] of Object.entries(select)) {
    row[column] = (await evaluateExpression(expression, names, `select.${column}`)) ?? null
  }
  return row
}

/** Missing cells come last, whichever the direction. */
function sortRows(rows: JsonRow[], orderBy: string): JsonRow[] {
  const descending = orderBy.startsWith('-')
  const column = descending ? orderBy.slice(1) : orderBy
  if (rows.length > 0) requireColumn(rows as Row[], column)
  return rows.toSorted((a, b) => {
    const [x, y] = [a[column] as Cell, b[column] as Cell]
    if (x === null || y === null || x === undefined || y === undefined)
      return Number(x == null) - Number(y == null)
    const order = x < y ? -1 : x > y ? 1 : 0
    return descending ? -order : order
  })
}
