/**
 * Lays out texts in the terminal's columns.
 *
 * Invariants (tests cite them):
 * layout/Y1 no line exceeds the width in terminal columns (a CJK character and an emoji are two), except a link, which stays whole
 * layout/Y2 nothing but blanks is left out
 * layout/Y3 a word is broken only if it does not fit on a line of its own: after punctuation, else between characters
 */
import { stringWidth } from './width.ts'

/** The narrowest supported terminal. */
const LEAST_WIDTH = 20
/** Tabs are replaced: their width depends on the terminal's tab stops. */
const TAB = '    '

/** The maximum line width: the terminal's, or that of COLUMNS; unlimited for a file or a pipe. */
export function lineWidth(stream: Pick<NodeJS.WriteStream, 'columns'> = process.stdout): number {
  // A stream to a file or a pipe has no columns, whatever its type says.
  const said = (stream as Partial<typeof stream>).columns ?? Number(process.env.COLUMNS)
  return said > 0 ? Math.max(LEAST_WIDTH, said) : Number.POSITIVE_INFINITY
}

/** Wraps every line of a text; continuation lines are indented by `hang`. */
export function wrapText(text: string, width = lineWidth(), hang = 2): string {
  if (width === Number.POSITIVE_INFINITY) return text
  return text
    .replaceAll('\t', TAB)
    .split('\n')
    .flatMap((line) => wrapLine(line, width, hang))
    .join('\n')
}

/** Wraps one line; its leading blanks stay. */
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

/** Padded with blanks to a width in columns. */
export const padTo = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - stringWidth(text)))

/** The least width that breaks no word between characters; short texts stay on one line. */
export function leastWidth(text: string): number {
  const whole = stringWidth(text)
  if (whole <= MOST_UNBROKEN) return whole
  const pieces = wordsIn(text).flatMap(([, word]) => marked(word))
  return pieces.reduce((widest, piece) => Math.max(widest, stringWidth(piece)), 0)
}

const MOST_UNBROKEN = 8

function wordsIn(line: string): [blanks: string, word: string][] {
  return [...line.trimStart().matchAll(/( *)([^ ]+)/g)].map(([, blanks = '', word = '']) => [blanks, word])
}

/** The pieces of a word that does not fit (layout/Y3). */
function piecesOf(word: string, wide: number, room: number): string[] {
  if (wide <= room || /^https?:\/\//.test(word)) return [word]
  return marked(word).flatMap((piece) => (stringWidth(piece) <= room ? [piece] : charactersOf(piece)))
}

/** Breaks after punctuation, but not near the beginning, because ids start with `t_`; nor in dates. */
const marked = (word: string): string[] => word.match(/.{3,}?(?:[_./,;>]|(?<=\p{L})-)+|.+$/gu) ?? [word]

const ANSI = '\\u001b\\[[0-9;]*m'

/** Visible characters; escape codes of colours stay whole. */
function charactersOf(text: string): string[] {
  const segmenter = new Intl.Segmenter()
  return text
    .split(new RegExp(`(${ANSI})`))
    .flatMap((part) =>
      part.startsWith('\u001b[') ? [part] : Array.from(segmenter.segment(part), ({ segment }) => segment),
    )
}
