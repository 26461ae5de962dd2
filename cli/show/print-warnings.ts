import { styleText } from 'node:util'
import type { Issue } from '../../shared/domain/issue.ts'
import { issueLines } from './issue-lines.ts'

/** Issues that do not stop the command, on standard error; `file` is the file that they are about. */
export function printWarnings(warnings: readonly Issue[] = [], file?: string): void {
  const head = styleText('yellow', 'warning', { stream: process.stderr })
  for (const one of warnings) console.error(issueLines(one, { file, head }))
}
