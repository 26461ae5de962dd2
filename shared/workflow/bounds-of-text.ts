import { Lexer } from 'yaml'

/**
 * Limits of YAML texts. The parser takes seconds or minutes for some nested texts of a few hundred kilobytes, so texts beyond these limits
 * are refused by their tokens, whose number is linear in the text:
 *
 * text/B1 A text has at most 300,000 characters and 100,000 tokens.
 * text/B2 Lists and maps in brackets nest at most 50 deep, those by indentation at most 100.
 * text/B3 A line begins at most 50 lists or keys by `-` and `?`.
 * text/B4 There are at most 1,000 anchors, and as many aliases and tags.
 * text/B5 With its aliases expanded a text has at most as many characters (`bounds-of-aliases.ts`).
 */
export const MOST_CHARACTERS = 300_000
const MOST_TOKENS = 100_000
const MOST_BRACKETS = 50
const MOST_INDENTATION = 100
const MOST_IN_LINE = 50
const MOST_MARKS = 1_000

/** The offset at which a text exceeds a limit, and the limit; undefined when it exceeds none. */
export function boundPassedBy(text: string): { offset: number; message: string } | undefined {
  if (text.length > MOST_CHARACTERS)
    return {
      offset: MOST_CHARACTERS,
      message: `a text has at most ${MOST_CHARACTERS} characters; this one has ${text.length}`,
    }
  const counts = { tokens: 0, brackets: 0, inLine: 0, marks: 0 }
  const indents: number[] = []
  let [offset, lineStart, isLineStart] = [0, 0, true]
  for (const token of new Lexer().lex(text)) {
    const [first = ''] = token
    if (INVISIBLE.includes(first)) continue
    counts.tokens += 1
    if (first === '\n' || first === '\r') {
      ;[lineStart, isLineStart, counts.inLine] = [offset + token.length, true, 0]
    } else if (isLineStart && first !== ' ' && first !== '#' && counts.brackets === 0) {
      isLineStart = false
      while ((indents.at(-1) ?? -1) >= offset - lineStart) indents.pop()
      indents.push(offset - lineStart)
    }
    if (token === '[' || token === '{') counts.brackets += 1
    if (token === ']' || token === '}') counts.brackets = Math.max(0, counts.brackets - 1)
    if (token === '-' || token === '?') counts.inLine += 1
    if ('&*!'.includes(first)) counts.marks += 1
    const message = messageOf({ ...counts, indentation: indents.length })
    if (message) return { offset, message }
    offset += token.length
  }
  return undefined
}

/** Control tokens of the lexer without text: start of a document, start of a scalar, unclosed brackets. */
const INVISIBLE = ['\u0002', '\u0018', '\u001f']

type Counts = { tokens: number; brackets: number; inLine: number; marks: number; indentation: number }

function messageOf({ tokens, brackets, inLine, marks, indentation }: Counts): string | undefined {
  if (brackets > MOST_BRACKETS) return `lists and maps in brackets nest at most ${MOST_BRACKETS} deep`
  if (indentation > MOST_INDENTATION) return `lists and maps nest at most ${MOST_INDENTATION} deep`
  if (inLine > MOST_IN_LINE) return `a line begins at most ${MOST_IN_LINE} lists or keys by "-" and "?"`
  if (marks > MOST_MARKS) return `a text has at most ${MOST_MARKS} anchors, aliases and tags`
  if (tokens > MOST_TOKENS) return `a text has at most ${MOST_TOKENS} tokens`
  return undefined
}
