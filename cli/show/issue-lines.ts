import { styleText } from 'node:util'
import stringWidth from 'string-width'
import type { Issue } from '../../shared/domain/issue.ts'
import { indexInLine } from '../../shared/domain/issue-place.ts'
import { lineWidth, wrapText } from './layout.ts'

/** The widest excerpt of a line, also where no terminal says its width. */
const MOST_COLUMNS = 80
const CUT = '...'

/**
 * An issue for people: its place and message, wrapped, and the line itself with a caret under the place. `file` is the name of the file
 * that the issue is about, if there is one here.
 */
export function issueLines(issue: Issue, file?: string, width = lineWidth()): string {
  const { path, message, line, column } = issue
  const place =
    line === undefined ? file : file ? `${file}:${line}:${column}` : `line ${line}, column ${column}`
  const said = [place && styleText('red', place, { stream: process.stderr }), path, message].filter(Boolean)
  return [wrapText(said.join(': '), width), ...excerptOf(issue, Math.min(width, MOST_COLUMNS))].join('\n')
}

/** The line and the caret; none for an issue of a value that was not given as text. */
export function excerptOf({ line, column, text }: Issue, width: number): string[] {
  if (line === undefined || column === undefined || text === undefined) return []
  const number = String(line)
  const room = width - number.length - MARGIN
  const { shown, caret } = windowOf(visible(text), indexInLine({ column }), room)
  return [`  ${number} | ${shown}`.trimEnd(), `  ${' '.repeat(number.length)} | ${' '.repeat(caret)}^`]
}

/** Two blanks before the number, and ` | ` after it. */
const MARGIN = 5

/** Tabs and control characters take one column each. */
const visible = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ')

/** The part of a line around an index that fits into `room` columns, and the columns before that index. */
function windowOf(text: string, index: number, room: number): { shown: string; caret: number } {
  const before = [...text.slice(0, index)]
  const after = [...text.slice(index)]
  const isWhole = stringWidth(text) <= room
  let left = before.join('')
  // A third of the room shows what stands before the place.
  while (
    !isWhole &&
    stringWidth(left) > Math.max(room / 3, room - stringWidth(after.join('')) - CUT.length)
  ) {
    before.shift()
    left = before.join('')
  }
  const isCut = left.length < index
  const head = `${isCut ? CUT : ''}${left}`
  const rest = fitting(after, room - stringWidth(head))
  return { shown: `${head}${rest}`, caret: stringWidth(head) }
}

function fitting(characters: readonly string[], room: number): string {
  const text = characters.join('')
  if (stringWidth(text) <= room) return text
  const kept = [...characters]
  while (kept.length > 0 && stringWidth(kept.join('')) > room - CUT.length) kept.pop()
  return `${kept.join('')}${CUT}`
}
