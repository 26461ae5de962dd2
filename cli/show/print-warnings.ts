import { styleText } from 'node:util'
import type { Issue } from '../../shared/domain/issue.ts'
import { issueLines } from './issue-lines.ts'
import { printError } from './terminal.ts'

/** Issues that do not stop the command, on standard error; `file` is the file that they are about. */
export function printWarnings(warnings: readonly Issue[] = [], file?: string): void {
  const head = styleText('yellow', 'warning', { stream: process.stderr })
  for (const one of warnings) printError(issueLines(one, { file, head }))
}
