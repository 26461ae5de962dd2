import { OrchestratorError } from 'orchestrator/agent'
import { cellOf, keyOf, type Row } from '../_support/cells.ts'
import { requireColumn } from './require-column.ts'

export type JoinKind = 'left' | 'inner' | 'full'

const MAX_ROWS = 500_000

/**
 * The join of two tables on a key, as in SQL.
 *
 * Invariants (tests cite them):
 * join/J1 each row of the left table is paired with every right row of the same key: n and m such rows give n times m
 * join/J2 a missing key equals nothing, another missing key included; 1 is not "1"
 * join/J3 an unmatched row is kept by the kinds `left` (left rows) and `full`, with nulls for the other table's columns
 * join/J4 a column other than the key that is in both tables is kept twice: the right table's is renamed
 * `notes` reports what was left out or renamed.
 */
export function joinRows(
  left: Row[],
  right: Row[],
  { on, kind, number }: { on: string; kind: JoinKind; number: number },
): { rows: Row[]; notes: string[] } {
  if (left.length > 0) requireColumn(left, on)
  if (right.length > 0) requireColumn(right, on)
  const leftColumns = columnNames(left)
  const names = namesOnTheRight(leftColumns, columnNames(right), on, number)
  const renamed = right.map((row) => nameApart(row, names))
  const partners = Map.groupBy(renamed, (row) => keyOf([cellOf(row, on)]))
  const size = left.reduce((sum, row) => sum + Math.max(1, partnersOf(row, on, partners).length), 0)
  if (size > MAX_ROWS) {
    throw new OrchestratorError(
      'InvalidInputError',
      `joined on "${on}", source ${number} makes ${size} rows; at most ${MAX_ROWS} are allowed: is "${on}" the key?`,
    )
  }
  const absent = nulls(names.values())
  const met = new Set<Row>()
  let alone = 0
  const joined = left.flatMap((row) => {
    const found = partnersOf(row, on, partners)
    for (const partner of found) met.add(partner)
    if (found.length > 0) return found.map((partner) => ({ ...row, ...absent, ...partner }))
    alone += 1
    return kind === 'inner' ? [] : [{ ...row, ...absent }]
  })
  const unmet = renamed.filter((row) => !met.has(row))
  const others = kind === 'full' ? unmet.map((row) => ({ ...nulls(leftColumns), ...absent, ...row })) : []
  return {
    rows: [...joined, ...others],
    notes: notesOf({ names, on, number, kind, alone, unmet: unmet.length }),
  }
}

function partnersOf(row: Row, on: string, partners: ReadonlyMap<string, Row[]>): Row[] {
  const key = cellOf(row, on)
  return key === null ? [] : (partners.get(keyOf([key])) ?? [])
}

function columnNames(rows: readonly Row[]): Set<string> {
  const names = new Set<string>()
  for (const row of rows) for (const name of Object.keys(row)) names.add(name)
  return names
}

/** Columns of the right table, without the key -> their names in the result: `status` of the second source becomes `status_2`. */
function namesOnTheRight(
  left: ReadonlySet<string>,
  right: ReadonlySet<string>,
  on: string,
  number: number,
): Map<string, string> {
  const taken = new Set([...left, ...right])
  const names = new Map<string, string>()
  for (const column of right) {
    if (column === on) continue
    let name = column
    if (left.has(column)) {
      name = `${column}_${number}`
      while (taken.has(name)) name = `${name}_`
      taken.add(name)
    }
    names.set(column, name)
  }
  return names
}

function nameApart(row: Row, names: ReadonlyMap<string, string>): Row {
  return Object.fromEntries(Object.entries(row).map(([column, cell]) => [names.get(column) ?? column, cell]))
}

function nulls(names: Iterable<string>): Row {
  return Object.fromEntries([...names].map((name) => [name, null]))
}

type Facts = {
  names: Map<string, string>
  on: string
  number: number
  kind: JoinKind
  alone: number
  unmet: number
}

function notesOf({ names, on, number, kind, alone, unmet }: Facts): string[] {
  const apart = [...names]
    .filter(([column, name]) => column !== name)
    .map(([column, name]) => `column "${column}" of source ${number} is "${name}"`)
  const left = kind === 'inner' ? 'are left out' : 'have no values of it'
  const right = kind === 'full' ? 'stand alone' : 'are left out'
  return [
    ...apart,
    ...(alone > 0 ? [`${alone} rows without a match for "${on}" in source ${number} ${left}`] : []),
    ...(unmet > 0 ? [`${unmet} rows of source ${number} match nothing on "${on}" and ${right}`] : []),
  ]
}
