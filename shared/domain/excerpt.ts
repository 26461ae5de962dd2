import { indexInLine, type Place } from './issue-place.ts'

const CUT = '...'
/** Two blanks before the number, and ` | ` after it. */
const MARGIN = 5

/** The columns that a text takes; a terminal's count differs for CJK characters and emoji. */
type WidthOf = (text: string) => number
const charactersIn: WidthOf = (text) => text.length

/** A line of a text with its number, and a line with a caret under the place; both at most `width` columns wide. */
export function excerptOf(
  { line, column, text }: Place,
  width = 80,
  widthOf = charactersIn,
): [string, string] {
  const number = String(line)
  const room = width - number.length - MARGIN
  const { shown, caret } = windowOf(visible(text), indexInLine({ column }), room, widthOf)
  return [`  ${number} | ${shown}`.trimEnd(), `  ${' '.repeat(number.length)} | ${' '.repeat(caret)}^`]
}

/** Tabs and control characters take one column each. */
const visible = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ')

/** The part of a line around an index that fits into `room` columns, and the columns before that index. */
function windowOf(
  text: string,
  index: number,
  room: number,
  widthOf: WidthOf,
): { shown: string; caret: number } {
  const before = [...text.slice(0, index)]
  const after = [...text.slice(index)]
  const isWhole = widthOf(text) <= room
  let left = before.join('')
  // A third of the room shows what stands before the place.
  while (!isWhole && widthOf(left) > Math.max(room / 3, room - widthOf(after.join('')) - CUT.length)) {
    before.shift()
    left = before.join('')
  }
  const head = `${left.length < index ? CUT : ''}${left}`
  return { shown: `${head}${fitting(after, room - widthOf(head), widthOf)}`, caret: widthOf(head) }
}

function fitting(characters: readonly string[], room: number, widthOf: WidthOf): string {
  const text = characters.join('')
  if (widthOf(text) <= room) return text
  const kept = [...characters]
  while (kept.length > 0 && widthOf(kept.join('')) > room - CUT.length) kept.pop()
  return `${kept.join('')}${CUT}`
}
