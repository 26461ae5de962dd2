import { setImmediate } from 'node:timers/promises'
import { evaluateForEach, type Json, OrchestratorError } from 'orchestrator/agent'
import type { Row } from '../_support/cells.ts'
import { sortRows } from './sort-rows.ts'

/** Rows evaluated before yielding to the event loop. */
const AT_ONCE = 500

type Transformation = {
  where?: string | undefined
  select?: Record<string, string> | undefined
  orderBy?: string | undefined
  limit?: number | undefined
}
type Names = { row: Row; index: number }

/**
 * The rows after the requested operations, with notes of the rows that `where` silently left out. Throws InvalidInputError for an
 * expression that fails, and for a `where` that is neither true nor false, or is undefined for every row.
 */
export async function transform(
  rows: Row[],
  { where, select, orderBy, limit }: Transformation,
  signal: AbortSignal,
): Promise<{ rows: Row[]; notes: string[] }> {
  const done: Row[] = []
  let nothing = 0
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    // Evaluation runs in microtasks only: without this turn of the event loop no timer, deadline or cancellation could fire.
    await setImmediate()
    signal.throwIfAborted()
    const some = rows.slice(from, from + AT_ONCE).map((row, at) => ({ row, index: from + at }))
    const { kept, left = 0 } = where === undefined ? { kept: some } : await keptOf(where, some)
    nothing += left
    for (const row of select ? await selected(select, kept) : kept.map(({ row }) => row)) done.push(row)
  }
  if (where !== undefined && nothing > 0 && nothing === rows.length) throw findsNothing(where, rows)
  const sorted = orderBy === undefined ? done : sortRows(done, orderBy)
  const told = `where found nothing in ${nothing} of ${rows.length} rows, which are left out`
  return { rows: sorted.slice(0, limit), notes: nothing > 0 ? [told] : [] }
}

/** The likely cause is a column that does not exist, or one written without `$row.`. */
function findsNothing(where: string, rows: readonly Row[]): OrchestratorError {
  const known = Object.keys(rows[0] ?? {})
  const shown = known.length > MOST_SHOWN ? [...known.slice(0, MOST_SHOWN), '...'] : known
  return new OrchestratorError(
    'InvalidInputError',
    `where: ${where.slice(0, 200)} finds nothing in any of the ${rows.length} rows; a column is written $row.name, or $lookup($row, "its name") ` +
      `(known: ${shown.join(', ')}). If no row is to be kept then, write (...) ?? false`,
  )
}

const MOST_SHOWN = 20

/** JSONata's undefined counts as false: a comparison with a cell that the row lacks. */
async function keptOf(where: string, some: Names[]): Promise<{ kept: Names[]; left: number }> {
  const answers = await evaluateForEach(where, some, rowOf('where', some))
  const kept = some.filter(({ index }, at) => {
    const answer = answers[at] ?? false
    if (typeof answer === 'boolean') return answer
    const shown = JSON.stringify(answer)
    throw new OrchestratorError(
      'InvalidInputError',
      `where: ${where.slice(0, 200)} is ${shown.slice(0, 80)} for row ${index + 1}; it must be true or false, as $boolean(...) or a comparison is`,
    )
  })
  return { kept, left: answers.filter((answer) => answer === undefined).length }
}

async function selected(select: Record<string, string>, some: Names[]): Promise<Row[]> {
  const columns: [string, (Json | undefined)[]][] = []
  for (const [column, expression] of Object.entries(select)) {
    columns.push([column, await evaluateForEach(expression, some, rowOf(`select.${column}`, some))])
  }
  return some.map((_, at) =>
    Object.fromEntries(columns.map(([column, values]) => [column, values[at] ?? null])),
  )
}

const rowOf =
  (what: string, some: Names[]) =>
  (at: number): string =>
    `${what}, row ${(some[at]?.index ?? 0) + 1}`
