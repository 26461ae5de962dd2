import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { suggestNames } from '../../../shared/workflow/nearest-names.ts'
import type { Row } from '../_support/table.ts'

/** Throws InvalidInputError with the nearest names when no row has the column. */
export function requireColumn(rows: readonly Row[], column: string): string {
  const known = new Set(rows.flatMap((row) => Object.keys(row)))
  if (known.has(column)) return column
  throw new OrchestratorError(
    'InvalidInputError',
    `there is no column "${column}"${suggestNames(column, known)}`,
  )
}
