import { parse } from 'csv-parse/sync'
import { FORBIDDEN_NAME, OrchestratorError } from 'orchestrator/agent'

/** The records below the header, every cell as text. `header` is the header as written; `names` are made unique and never empty. */
export type Csv = { names: string[]; header: string[]; records: string[][] }

/**
 * CSV as RFC 4180 has it, with the separator that its header shows. Spaces around a cell that is not quoted are no part of it. Throws
 * InvalidInputError with the line for text that is not CSV and for rows that are longer or shorter than the header.
 */
export function readCsv(text: string, name: string): Csv {
  const { body, delimiter } = withoutHint(text.replace(/^\uFEFF/, '').replace(/^[\r\n]+|[\r\n]+$/g, ''))
  // A file concatenated from several may mix line endings.
  const options = {
    delimiter: delimiter ?? delimiterOf(body),
    record_delimiter: ['\r\n', '\n', '\r'],
    trim: true,
  }
  try {
    const [header = []] = parse(body, { ...options, to: 1 }) as string[][]
    // In a table of one column, an empty line is an empty cell.
    const [, ...records] = parse(body, { ...options, skip_empty_lines: header.length > 1 }) as string[][]
    return { names: namesOf(header), header, records }
  } catch (error) {
    throw new OrchestratorError(
      'InvalidInputError',
      `${name} is not CSV: ${(error as Error).message.slice(0, 300)}`,
    )
  }
}

/** Excel writes the separator in a line of its own: `sep=;`. */
function withoutHint(text: string): { body: string; delimiter?: string } {
  const hint = /^sep=(.)(\r\n|\n|\r)/i.exec(text)
  return hint?.[1] ? { body: text.slice(hint[0].length), delimiter: hint[1] } : { body: text }
}

const HEADER_CHARACTERS = 100_000

/**
 * The separator that stands most often in the header, outside quotes: comma, semicolon, tab or bar. When several are present,
 * the most frequent one that gives the first row as many cells as the header: `Price (net, EUR);Tax (a, b, c)` has semicolons.
 */
function delimiterOf(text: string): string {
  const [header = ''] = text
    .slice(0, HEADER_CHARACTERS)
    .replace(/"[^"]*"/g, '')
    .split(/[\r\n]/, 1)
  const counts = [',', ';', '\t', '|'].map((mark) => ({ mark, count: header.split(mark).length }))
  const marks = counts
    .filter(({ count }) => count > 1)
    .sort((a, b) => b.count - a.count)
    .map(({ mark }) => mark)
  return (marks.length > 1 ? marks.find((mark) => fitsFirstRow(text, mark)) : undefined) ?? marks[0] ?? ','
}

function fitsFirstRow(text: string, delimiter: string): boolean {
  try {
    const start = parse(text, { delimiter, to: 2, relax_column_count: true, skip_empty_lines: true })
    const [header, row] = start as string[][]
    return row !== undefined && row.length === header?.length
  } catch {
    return false
  }
}

/**
 * Column names are made unique: `a, a` become `a` and `a_2`, or the next free number. An empty name becomes `column_3`, and so does
 * a name that output JSON must not contain (`__proto__`).
 */
function namesOf(header: readonly string[]): string[] {
  const written = new Set(header)
  const taken = new Set<string>()
  return header.map((name, index) => {
    const base = name === '' || name === FORBIDDEN_NAME ? `column_${index + 1}` : name
    const free = (candidate: string): boolean =>
      !taken.has(candidate) && (candidate === name || !written.has(candidate))
    let chosen = base
    for (let number = 2; !free(chosen); number++) chosen = `${base}_${number}`
    taken.add(chosen)
    return chosen
  })
}
