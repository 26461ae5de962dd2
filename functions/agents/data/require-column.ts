import { OrchestratorError, suggestNames } from 'orchestrator/agent'
import type { Row } from '../_support/cells.ts'

/** Throws InvalidInputError with the nearest names when no row has the column. */
export function requireColumn(rows: readonly Row[], column: string): string {
  if (rows.some((row) => Object.hasOwn(row, column))) return column
  const known = new Set<string>()
  for (const row of rows) for (const name of Object.keys(row)) known.add(name)
  throw new OrchestratorError(
    'InvalidInputError',
    `there is no column "${column}"${suggestNames(column, known)}`,
  )
}
