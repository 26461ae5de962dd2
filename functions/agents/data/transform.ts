import { setImmediate } from 'node:timers/promises'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { evaluateExpression } from '../../../shared/workflow/expressions.ts'
import type { Row } from '../_support/cells.ts'
import { sortRows } from './sort-rows.ts'

const REST_MILLISECONDS = 20

type Transformation = {
  where?: string | undefined
  select?: Record<string, string> | undefined
  orderBy?: string | undefined
  limit?: number | undefined
}
type Names = { row: Row; index: number }

/** The rows as they are, but for what is asked. Throws InvalidInputError for an expression that fails, or a `where` that is neither true nor false. */
export async function transform(
  rows: Row[],
  { where, select, orderBy, limit }: Transformation,
  signal: AbortSignal,
): Promise<Row[]> {
  const kept: Row[] = []
  let rested = performance.now()
  for (const [index, row] of rows.entries()) {
    // Expressions are microtasks only: without a rest no timer could fire, and no deadline or cancellation be heard.
    if (performance.now() - rested > REST_MILLISECONDS) {
      await setImmediate()
      rested = performance.now()
    }
    signal.throwIfAborted()
    const names = { row, index }
    if (where !== undefined && !(await isKept(where, names))) continue
    kept.push(select ? await selected(select, names) : row)
  }
  const sorted = orderBy === undefined ? kept : sortRows(kept, orderBy)
  return sorted.slice(0, limit)
}

/** Nothing is false: a comparison with a cell that the row does not have. */
async function isKept(where: string, names: Names): Promise<boolean> {
  const answer = (await evaluateExpression(where, names, 'where')) ?? false
  if (typeof answer === 'boolean') return answer
  const shown = JSON.stringify(answer)
  throw new OrchestratorError(
    'InvalidInputError',
    `where: ${where.slice(0, 200)} is ${shown.slice(0, 80)} for row ${names.index + 1}; it must be true or false, as $boolean(...) or a comparison is`,
  )
}

async function selected(select: Record<string, string>, names: Names): Promise<Row> {
  const cells: [string, Row[string]][] = []
  for (const [column, expression] of Object.entries(select)) {
    cells.push([column, (await evaluateExpression(expression, names, `select.${column}`)) ?? null])
  }
  return Object.fromEntries(cells)
}
