/**
 * Texts laid out in the columns that there are.
 *
 * Invariants (tests cite them):
 * layout/Y1 no line is wider than it may be, in columns of a terminal (a CJK character and an emoji are two); a link alone stays whole
 * layout/Y2 nothing is left out but blanks
 * layout/Y3 a word is broken only where it has no room alone: behind a mark, else between characters
 */
import stringWidth from 'string-width'

/** The narrowest terminal that is laid out for. */
const LEAST_WIDTH = 20
/** A terminal goes to its next stop at a tab, which no width can be told of. */
const TAB = '    '

/** How wide a line may be: as wide as the terminal, or as COLUMNS says; what goes into a file or a pipe has no end. */
export function lineWidth(): number {
  const said = process.stdout.columns ?? Number(process.env.COLUMNS)
  return said > 0 ? Math.max(LEAST_WIDTH, said) : Number.POSITIVE_INFINITY
}

/** Every line of a text; what does not fit goes on below, indented by `hang`. */
export function wrapText(text: string, width = lineWidth(), hang = 2): string {
  if (width === Number.POSITIVE_INFINITY) return text
  return text
    .replaceAll('\t', TAB)
    .split('\n')
    .flatMap((line) => wrapLine(line, width, hang))
    .join('\n')
}

/** A line of words; blanks at its beginning stay. */
export function wrapLine(line: string, width: number, hang = 0): string[] {
  if (stringWidth(line) <= width) return [line]
  const [indent = ''] = /^ */.exec(line) ?? []
  const margin = ' '.repeat(Math.min(indent.length + hang, width >> 1))
  const lines: string[] = []
  let current = indent
  let used = indent.length
  let isEmpty = true
  const turn = (): void => {
    lines.push(current.trimEnd())
    current = margin
    used = margin.length
    isEmpty = true
  }
  const add = (text: string, wide: number): void => {
    current += text
    used += wide
    isEmpty = false
  }
  for (const [blanks, word] of wordsIn(line)) {
    const wide = stringWidth(word)
    if (!isEmpty && used + blanks.length + wide > width) turn()
    if (!isEmpty) add(blanks, blanks.length)
    for (const piece of piecesOf(word, wide, width - (isEmpty ? used : margin.length))) {
      const more = stringWidth(piece)
      if (!isEmpty && used + more > width) turn()
      add(piece, more)
    }
  }
  return isEmpty ? lines : [...lines, current.trimEnd()]
}

/** Filled with blanks to a width in columns. */
export const padTo = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - stringWidth(text)))

/** The least width that breaks no word between characters; short texts stay in one line. */
export function leastWidth(text: string): number {
  const whole = stringWidth(text)
  if (whole <= MOST_UNBROKEN) return whole
  return Math.max(...wordsIn(text).flatMap(([, word]) => marked(word).map((piece) => stringWidth(piece))))
}

const MOST_UNBROKEN = 8

function wordsIn(line: string): [blanks: string, word: string][] {
  return [...line.trimStart().matchAll(/( *)([^ ]+)/g)].map(([, blanks = '', word = '']) => [blanks, word])
}

/** What a word is broken into where it has so much room (layout/Y3). */
function piecesOf(word: string, wide: number, room: number): string[] {
  if (wide <= room || /^https?:\/\//.test(word)) return [word]
  return marked(word).flatMap((piece) => (stringWidth(piece) <= room ? [piece] : charactersOf(piece)))
}

/** Behind marks, but not in what is hardly begun, for an id is `t_` and more; nor in dates. */
const marked = (word: string): string[] => word.match(/.{3,}?(?:[_./,;>]|(?<=\p{L})-)+|.+$/gu) ?? [word]

const ANSI = '\\u001b\\[[0-9;]*m'

/** As a reader sees them; codes of colours stay whole. */
function charactersOf(text: string): string[] {
  const segmenter = new Intl.Segmenter()
  return text
    .split(new RegExp(`(${ANSI})`))
    .flatMap((part) =>
      part.startsWith('\u001b[') ? [part] : Array.from(segmenter.segment(part), ({ segment }) => segment),
    )
}
