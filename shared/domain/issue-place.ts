/** Where in a text an issue is. `line` and `column` count from 1, columns in UTF-16 units; `text` is what an editor shows there. */
export type Place = { line: number; column: number; text: string }

/** The most characters of a line that are shown before a place, and in total: a text may be a single line of JSON. */
const MOST_BEFORE = 200
const MOST_OF_LINE = 400

/** The place of a character of a text. Takes time linear in the text before it. */
export function placeAt(text: string, offset: number): Place {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', start)
  const whole = text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '')
  const column = offset - start + 1
  const from = Math.max(0, column - 1 - MOST_BEFORE)
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < start; at = text.indexOf('\n', at + 1)) line += 1
  return { line, column, text: whole.slice(from, from + MOST_OF_LINE).toWellFormed() }
}

/** The index in `text` of the character at `column`. */
export const indexInLine = ({ column }: Pick<Place, 'column'>): number => Math.min(column - 1, MOST_BEFORE)
