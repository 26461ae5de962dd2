import { styleText } from 'node:util'
import { excerptOf } from '../../shared/domain/excerpt.ts'
import type { Issue } from '../../shared/domain/issue.ts'
import { lineWidth, wrapText } from './layout.ts'
import { stringWidth } from './width.ts'

/** The maximum width of an excerpt, also without a terminal. */
const MOST_COLUMNS = 80

/** `file` is the name of the local file that the issue is about; `head` is a prefix. */
type Shown = { file?: string | undefined; head?: string; width?: number }

/** An issue for people: its place and message, wrapped, and the line itself with a caret under the place. */
export function issueLines(issue: Issue, { file, head, width = lineWidth() }: Shown = {}): string {
  const { path, message, line, column, text } = issue
  const place =
    line === undefined ? file : file ? `${file}:${line}:${column}` : `line ${line}, column ${column}`
  const said = [head, place && styleText('red', place, { stream: process.stderr }), path, message]
  const told = wrapText(said.filter(Boolean).join(': '), width)
  if (line === undefined || column === undefined || text === undefined) return told
  return [told, ...excerptOf({ line, column, text }, Math.min(width, MOST_COLUMNS), stringWidth)].join('\n')
}
