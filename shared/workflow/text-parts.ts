/**
 * Splits a text into its literal parts and its expressions, and puts values into text.
 *
 * Invariants (tests cite them):
 * text-parts/T1 an expression begins at `{%` and ends at the first `%}` outside of its quotes and comments
 * text-parts/T2 `{%%` is the literal `{%`; a `%}` outside of expressions is itself, so that a text without `{%` stays as it is
 * text-parts/T3 joining the parts of a text, with `{%%` for each literal `{%`, and splitting it again gives the same parts
 * text-parts/T4 inside a text, a string is inserted unchanged, undefined and null as nothing, every other value as its
 *    JSON
 * text-parts/T5 splitting takes time linear in the length of the text
 */
import type { Json } from '../domain/json.ts'

/** `offset` is the index of an expression's first character in the text, after `{%` and white space. */
export type TextPart = { literal: string } | { expression: string; offset: number }

/** Why an expression has no end: the quote, comment or next `{%` within it, or the end of the text. `offset` is that of its `{%`. */
export type Unclosed = { offset: number; reason: string }

const OPEN = '{%'
const CLOSE = '%}'

/** The parts in order, adjacent literals joined and none empty; or the first expression that has no end. */
export function splitText(text: string): { parts: TextPart[] } | { unclosed: Unclosed } {
  const parts: TextPart[] = []
  let literal = ''
  let at = 0
  for (let open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, at)) {
    literal += text.slice(at, open)
    if (text[open + OPEN.length] === '%') {
      literal += OPEN
      at = open + OPEN.length + 1
      continue
    }
    const end = endOfExpression(text, open + OPEN.length)
    if ('reason' in end) return { unclosed: { offset: open, reason: end.reason } }
    if (literal !== '') parts.push({ literal })
    literal = ''
    parts.push(expressionAt(text, open + OPEN.length, end.close))
    at = end.close + CLOSE.length
  }
  literal += text.slice(at)
  return { parts: literal === '' ? parts : [...parts, { literal }] }
}

function expressionAt(text: string, start: number, end: number): TextPart {
  const inside = text.slice(start, end)
  const blanks = inside.length - inside.trimStart().length
  return { expression: inside.trim(), offset: start + blanks }
}

/** What is wrong with a text in which an expression is not closed, and what would be right. */
export function describeUnclosed(text: string, { offset, reason }: Unclosed): string {
  const rest = text.slice(offset)
  const shown = rest.length > MOST_SHOWN ? `${rest.slice(0, MOST_SHOWN)}...` : rest
  return `the expression ${JSON.stringify(shown)} is not closed: ${reason}; an expression is written "{% ... %}", a literal "{%" as "{%%"`
}

const MOST_SHOWN = 40

/** A value as part of a text (text-parts/T4). */
export function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

type End = { close: number } | { reason: string }

/** The index of the `%}` that ends the expression whose text begins at `start`. */
function endOfExpression(text: string, start: number): End {
  // Whether a `/` here begins a regular expression, as JSONata decides it: where an operand is due.
  let isOperandDue = true
  for (let at = start; at < text.length; at += 1) {
    const char = text[at] as string
    if (text.startsWith(CLOSE, at)) return { close: at }
    if (text.startsWith(OPEN, at)) return { reason: `another "${OPEN}" begins within it` }
    if (char === '/' && text[at + 1] === '*') {
      const end = text.indexOf('*/', at + 2)
      if (end < 0) return { reason: 'its comment "/*" has no "*/"' }
      at = end + 1
    } else if (QUOTES.includes(char)) {
      const end = endOfQuote(text, at)
      if (end === undefined) return { reason: `its quote ${char} is not closed` }
      at = end
      isOperandDue = false
    } else if (char === '/' && isOperandDue) {
      at = endOfPattern(text, at) ?? at
      isOperandDue = false
    } else if (!/\s/.test(char)) {
      isOperandDue = OPERATORS.includes(char)
    }
  }
  return { reason: `"${CLOSE}" is missing` }
}

const QUOTES = ['"', "'", '`']
/** Characters after which JSONata expects an operand. */
const OPERATORS = [...'([{,;:?=<>!&|~+-*/^.']

/** The index of the closing quote; a name in backticks knows no escapes. */
function endOfQuote(text: string, start: number): number | undefined {
  const quote = text[start] as string
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === quote) return at
    if (text[at] === '\\' && quote !== '`') at += 1
  }
  return undefined
}

/** The index of the slash that ends a regular expression; undefined for a division. As in JSONata, brackets may hold slashes. */
function endOfPattern(text: string, start: number): number | undefined {
  let depth = 0
  for (let at = start + 1; at < text.length && at - start < MOST_PATTERN; at += 1) {
    const char = text[at] as string
    // A slash after a wildcard or parent, `$.* / 2`, is a division although an operand seems due.
    if (text.startsWith(CLOSE, at)) return undefined
    if (char === '\\') at += 1
    else if (char === '/' && depth === 0) return at
    else if ('([{'.includes(char)) depth += 1
    else if (')]}'.includes(char)) depth -= 1
  }
  return undefined
}

/** The longest regular expression, so that many slashes in a long text cost no quadratic time (text-parts/T5). */
const MOST_PATTERN = 1_000
