import { plainText } from './plain-text.ts'
import type { Document } from './read-corpus.ts'

export type Passage = { source: string; heading: string; text: string }

export const MAX_PASSAGE_CHARACTERS = 700
const segmenter = new Intl.Segmenter('en', { granularity: 'word' })

/**
 * Paragraphs under their nearest heading; short ones are joined to the next, long ones are split between words. Code blocks are left out,
 * because searches are for prose; a document that consists of code only is searched as it is.
 */
export function passagesOf(document: Document): Passage[] {
  const { prose, code } = blocksOf(document.text)
  const passages = passagesIn(document.source, prose)
  return passages.length > 0 ? passages : passagesIn(document.source, code)
}

function passagesIn(source: string, blocks: readonly string[]): Passage[] {
  const passages: Passage[] = []
  let heading = ''
  let pending = ''
  let bare = false
  const flush = (): void => {
    // A heading with nothing below it is a passage itself.
    const text = pending || (bare ? heading : '')
    if (text) passages.push({ source, heading, text })
    pending = ''
    bare = false
  }
  for (const block of blocks) {
    const title = /^ {0,3}#{1,6}[ \t]+(.+)/.exec(block)
    if (title) {
      flush()
      heading = plainText((title[1] ?? '').replace(/[ \t]+#+[ \t]*$/, '').replace(/[*`]/g, ''))
      bare = heading !== ''
    }
    for (const part of splitAtWords(plainText(title ? block.split('\n').slice(1).join('\n') : block))) {
      if (pending && pending.length + part.length > MAX_PASSAGE_CHARACTERS) flush()
      pending = `${pending} ${part}`.trim()
      bare = false
    }
  }
  flush()
  return passages
}

/**
 * Blocks between empty lines and above headings. A fence (CommonMark 0.31, 4.5) ends at a line of at least as many of its own marks and nothing
 * else; a fence that is never closed counts as prose.
 */
function blocksOf(text: string): { prose: string[]; code: string[] } {
  const blocks = { prose: [] as string[], code: [] as string[] }
  const lines = text.split(/\r\n|\n|\r/)
  const longestClosing = longestClosings(lines)
  let open: { mark: string; lines: string[] } | undefined
  let paragraph: string[] = []
  const flush = (): void => {
    if (paragraph.length > 0) blocks.prose.push(paragraph.join('\n'))
    paragraph = []
  }
  for (const [index, line] of lines.entries()) {
    if (open) {
      if (isClosing(line, open.mark)) {
        blocks.code.push(open.lines.join('\n'))
        open = undefined
      } else open.lines.push(line)
      continue
    }
    if (/^ {0,3}=+[ \t]*$/.test(line) && paragraph.length > 0) {
      // An underlined heading (setext).
      paragraph = [`# ${paragraph.join(' ')}`]
      flush()
      continue
    }
    const mark = openingMark(line)
    if (line.trim() === '' || mark || HEADING.test(line)) flush()
    if (mark && longestClosing(index, mark[0] ?? '') >= mark.length) {
      open = { mark, lines: [] }
      continue
    }
    const text = mark ? line.replace(mark, '') : line
    if (text.trim() !== '') paragraph.push(text)
  }
  flush()
  return blocks
}

const HEADING = /^ {0,3}#{1,6}[ \t]/

/** The opening mark of a fence. After backticks, the info string may hold none: "```x```" is a code span. */
function openingMark(line: string): string | undefined {
  return /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/.exec(line)?.[1]
}

function closingMark(line: string): string | undefined {
  return /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1]
}

function isClosing(line: string, mark: string): boolean {
  const closing = closingMark(line)
  return closing !== undefined && closing[0] === mark[0] && closing.length >= mark.length
}

/** The length of the longest closing line of a kind of fence after a line; 0 where there is none. */
function longestClosings(lines: readonly string[]): (index: number, kind: string) => number {
  const after: { '`': number; '~': number }[] = []
  let longest = { '`': 0, '~': 0 }
  for (const line of lines.toReversed()) {
    after.push(longest)
    const mark = closingMark(line)
    if (!mark) continue
    const kind = mark[0] as '`' | '~'
    longest = { ...longest, [kind]: Math.max(longest[kind], mark.length) }
  }
  return (index, kind) => after[lines.length - 1 - index]?.[kind as '`' | '~'] ?? 0
}

function splitAtWords(text: string): string[] {
  const parts: string[] = []
  let rest = text
  while (rest.length > MAX_PASSAGE_CHARACTERS) {
    const at = cutOf(rest)
    parts.push(rest.slice(0, at).trim())
    rest = rest.slice(at).trim()
  }
  return rest ? [...parts, rest] : parts
}

/** Where a long text may be cut: at a space, or between two words of an unspaced script; never within a character. */
function cutOf(text: string): number {
  const window = text.slice(0, MAX_PASSAGE_CHARACTERS)
  const space = text.lastIndexOf(' ', MAX_PASSAGE_CHARACTERS)
  if (space > MAX_PASSAGE_CHARACTERS / 2) return space
  const last = [...segmenter.segment(window)].at(-1)?.index ?? 0
  if (last > 0) return last
  let at = window.length
  while (at > 1 && /^[\p{M}\uDC00-\uDFFF]/u.test(text.slice(at))) at -= 1
  return at
}
