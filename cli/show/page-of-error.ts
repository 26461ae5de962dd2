import { join, relative, sep } from 'node:path'
import { styleText } from 'node:util'
import { ERRORS } from '../../shared/domain/error-table.ts'
import { FOREIGN_ERRORS } from '../../shared/domain/error-texts.ts'
import { PACKAGE_ROOT } from '../dev/find-project.ts'

/** A line with the link to an error's documentation; empty for an unknown name. */
export function pageOfError(name: string | undefined): string {
  if (name === undefined || !(Object.hasOwn(ERRORS, name) || Object.hasOwn(FOREIGN_ERRORS, name))) return ''
  return `\n${styleText('dim', `what to do: ${page()}#${name.toLowerCase().replaceAll(/[^\w-]/g, '')}`, { stream: process.stderr })}`
}

/** The page as it can be opened from here: in a checkout, or in an installed package. */
function page(): string {
  const path = relative(process.cwd(), join(PACKAGE_ROOT, 'docs/errors.md')).replaceAll(sep, '/')
  return path.startsWith('..') ? 'docs/errors.md' : path
}

/** The error name in the type of a problem document. */
export const nameOfProblem = (type: string | undefined): string | undefined =>
  /^urn:orchestrator:([\w.]+)$/.exec(type ?? '')?.[1]
