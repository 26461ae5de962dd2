/**
 * Infers the type of a CSV column. CSV has only text, so this is a guess: it is made for the column as a whole, and reported.
 *
 * Invariants (tests cite them):
 * column/T1 the conversion is lossless: the typed cells, written back with `decimals` and `missing`, give the original
 *    text
 * column/T2 a column is a number only where every cell is a plain number: no plus sign, leading zero, exponent, separator or unit
 * column/T3 trailing zeros (3.10) are accepted only if all numbers of the column have as many decimals, and their whole
 *    parts differ: 3.10 and 3.11 may be versions
 * column/T4 a word for "missing" (NA) counts as missing only if all other cells are numbers or booleans and no cell is
 *    empty; elsewhere it is text (the country code of Namibia)
 */
import { OrchestratorError } from 'orchestrator/agent'
import { PLAIN_NUMBER, printNumber } from './numbers.ts'

export type Cell = string | number | boolean | null
export type CellType = 'number' | 'boolean' | 'text'

/** How a column was read: `decimals` are the fewest that its numbers are written with, `missing` is the word that stood for no value. */
export type Reading = {
  type: CellType | 'empty'
  why?: string
  decimals?: number
  missing?: string
}

export const MAX_DECIMALS = 100

type Wish = { type?: CellType | undefined; missing: ReadonlySet<string> }

/** The typed cells, and how they were read. Throws InvalidInputError when a cell does not have the requested type. */
export function typeColumn(
  name: string,
  texts: readonly string[],
  { type, missing }: Wish,
): { reading: Reading; cells: Cell[] } {
  const kept = texts.map((text) => (text === '' || missing.has(text) ? null : text))
  if (type !== undefined) {
    return { reading: { type }, cells: kept.map((text, index) => convertText(text, type, name, index)) }
  }
  const reading = readingOf(kept)
  const word = reading.missing
  const wished = wordFor(texts, missing)
  return {
    reading: wished === undefined || word !== undefined ? reading : { ...reading, missing: wished },
    cells: kept.map((text) => (text === word ? null : typed(text, reading.type))),
  }
}

/** One text converted to the requested type. Row numbers count from 1, below the header. */
export function convertText(text: string | null, type: CellType, name: string, index: number): Cell {
  if (text === null || type === 'text') return text
  if (type === 'boolean' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  if (type === 'number' && ANY_NUMBER.test(text) && Number.isFinite(Number(text))) return Number(text)
  throw new OrchestratorError(
    'InvalidInputError',
    `column "${name}" is to be ${type}, but row ${index + 1} has ${quoted(text)}; leave the type out, or name what stands for no value in "missing"`,
  )
}

const ANY_NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const LOOKS_NUMERIC = /^[+-]?[\d.,' ]*\d(e[+-]?\d+)?\s?%?$/i
const MISSING_WORDS = new Set(['na', 'n/a', '#n/a', 'nan', 'null', 'none', '-'])

const isMissingWord = (text: string): boolean => MISSING_WORDS.has(text.toLowerCase())

function typed(text: string | null, type: Reading['type']): Cell {
  if (text === null) return null
  if (type === 'number') return Number(text)
  return type === 'boolean' ? text === 'true' : text
}

function readingOf(texts: readonly (string | null)[]): Reading {
  if (texts.every((text) => text === null)) return { type: 'empty' }
  const words = new Set(texts.filter((text) => text !== null && isMissingWord(text)))
  const [word = null] = words
  const asked = words.size === 1 && !texts.includes(null)
  const others = asked ? texts.map((text) => (text === word ? null : text)) : texts
  const missing = asked && word !== null ? { missing: word } : {}
  const values = others.filter((text) => text !== null)
  if (values.length === 0) return { type: 'text', ...because(texts) }
  if (values.every((text) => text === 'true' || text === 'false')) return { type: 'boolean', ...missing }
  const number = numberReading(others)
  if ('decimals' in number) {
    const decimals = number.decimals > 0 ? { decimals: number.decimals } : {}
    return { type: 'number', ...decimals, ...missing }
  }
  if (values.some((text) => LOOKS_NUMERIC.test(text))) return { type: 'text', why: number.why }
  return { type: 'text', ...because(texts) }
}

function because(texts: readonly (string | null)[]): { why?: string } {
  const index = texts.findIndex((text) => text !== null && isMissingWord(text))
  if (index < 0) return {}
  return { why: `${quoted(texts[index] ?? '')} (row ${index + 1}) is text here; "missing" can say otherwise` }
}

/**
 * The fewest decimals in a column of numbers; otherwise the reason why it is not one (column/T1, column/T2, column/T3).
 */
function numberReading(texts: readonly (string | null)[]): { decimals: number } | { why: string } {
  let decimals = 0
  let padded = -1
  for (const [index, text] of texts.entries()) {
    if (text === null) continue
    if (!PLAIN_NUMBER.test(text)) return { why: `${quoted(text)} (row ${index + 1}) is no plain number` }
    const printed = printNumber(Number(text))
    if (printed === text || padded >= 0) continue
    padded = index
    decimals = text.length - text.indexOf('.') - 1
  }
  const differs = texts.findIndex((text) => text !== null && printNumber(Number(text), decimals) !== text)
  const lost = (index: number): { why: string } => {
    const text = texts[index] ?? ''
    return { why: `${quoted(text)} (row ${index + 1}) would become ${printNumber(Number(text))}` }
  }
  if (decimals > MAX_DECIMALS || differs >= 0) return lost(padded >= 0 ? padded : differs)
  if (padded < 0) return { decimals }
  const wholes = new Set(texts.flatMap((text) => (text === null ? [] : [text.replace(/^-|\..*/g, '')])))
  return wholes.size > 1 || wholes.has('0') ? { decimals } : lost(padded)
}

/** The requested word for "missing", if writing it back is lossless: it is the column's only one, and no cell is empty. */
function wordFor(texts: readonly string[], missing: ReadonlySet<string>): string | undefined {
  if (missing.size === 0 || texts.includes('')) return undefined
  const found = new Set(texts.filter((text) => missing.has(text)))
  return found.size === 1 ? [...found][0] : undefined
}

/** Cut short for messages: a cell may hold a very long text. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)
}
