import { styleText } from 'node:util'
import { ERRORS, FOREIGN_ERRORS } from '../../shared/domain/error-table.ts'

/** A line with the link to an error's documentation; empty for an unknown name. */
export function pageOfError(name: string | undefined): string {
  if (name === undefined || !(Object.hasOwn(ERRORS, name) || Object.hasOwn(FOREIGN_ERRORS, name))) return ''
  return `\n${styleText('dim', `what to do: docs/errors.md#${name.toLowerCase().replaceAll(/[^\w-]/g, '')}`, { stream: process.stderr })}`
}

/** The error name in the type of a problem document. */
export const nameOfProblem = (type: string | undefined): string | undefined =>
  /^urn:orchestrator:([\w.]+)$/.exec(type ?? '')?.[1]
