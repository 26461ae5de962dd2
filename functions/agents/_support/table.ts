import {
  type AgentFiles,
  FileReferenceSchema,
  isFolderReference,
  OrchestratorError,
  suggestNames,
} from 'orchestrator/agent'
import * as z from 'zod'
import { cellOf, type Row } from './cells.ts'
import { readCsv } from './read-csv.ts'
import { readJson } from './read-json.ts'
import { RowSchema } from './schemas.ts'
import { type Cell, convertText, MAX_DECIMALS, typeColumn } from './type-column.ts'

const MAX_ROWS = 500_000
const MAX_NOTES = 50

/** A table: a file that was uploaded, CSV or JSON text, or the rows themselves. */
export const TableSchema = z.union([FileReferenceSchema, z.string(), z.array(RowSchema)])
type Source = z.infer<typeof TableSchema>

/** How to read a table, where CSV leaves the types open. */
export const ReadingWishes = {
  columns: z
    .record(z.string(), z.enum(['text', 'number', 'boolean']))
    .optional()
    .describe('Types of columns by name, where the guess is not wanted'),
  missing: z
    .array(z.string().max(100))
    .max(20)
    .optional()
    .describe('What stands for no value in a CSV besides the empty cell, as it is written: `["NA"]`'),
}
type Wishes = { [Name in keyof typeof ReadingWishes]?: z.infer<(typeof ReadingWishes)[Name]> } & {
  /** Columns of a CSV to keep as text even if all their cells look like numbers; the table may lack some of them. */
  asText?: ReadonlySet<string>
}

export const ColumnReadingSchema = z.object({
  name: z.string(),
  type: z.enum(['number', 'boolean', 'text', 'empty']),
  why: z.string().optional().describe('Why it is text although it looks like numbers'),
  decimals: z
    .number()
    .int()
    .min(0)
    .max(MAX_DECIMALS)
    .optional()
    .describe('The fewest decimals that its numbers are written with'),
  missing: z.string().optional().describe('The word that stood for no value'),
  header: z.string().optional().describe('Its header, where the name had to be another'),
})
export type ColumnReading = z.infer<typeof ColumnReadingSchema>

/** `columns` is how each column of a CSV was read; undefined for JSON, which carries its own types. `notes` reports what was guessed. */
export type Table = { rows: Row[]; columns: ColumnReading[] | undefined; notes: string[] }

type Reading = { files: Pick<AgentFiles, 'list' | 'readText'> }

/**
 * The rows of a table. Throws InvalidInputError with the place of a syntax error, and for a table without rows, unless
 * the rows are given as a list and `mayBeEmpty` is set.
 */
export async function readTable(
  source: Source,
  context: Reading,
  wishes: Wishes & { mayBeEmpty?: boolean } = {},
): Promise<Table> {
  const table = await tableOf(source, context, wishes)
  const { length } = table.rows
  // A text of one line is more likely a file name than a table without rows.
  if (length === 0 && !(wishes.mayBeEmpty && Array.isArray(source))) throw bad('the table has no rows')
  if (length > MAX_ROWS) throw bad(`the table has ${length} rows; this reads at most ${MAX_ROWS}`)
  return { ...table, notes: boundedNotes(table.notes) }
}

/** Only the first few notes are kept, because people read them. */
export function boundedNotes(notes: readonly string[]): string[] {
  if (notes.length <= MAX_NOTES) return [...notes]
  return [...notes.slice(0, MAX_NOTES - 1), `and ${notes.length - MAX_NOTES + 1} more`]
}

async function tableOf(source: Source, { files }: Reading, wishes: Wishes): Promise<Table> {
  if (Array.isArray(source)) return fromRows(source, [], wishes)
  if (typeof source === 'string') return parseTable(source, 'the inline text', wishes)
  if (isFolderReference(source)) throw bad(`${source.$file} is a folder; name one CSV or JSON file in it`)
  const [file] = await files.list(source)
  const key = file?.key ?? source.$file
  return parseTable(await files.readText(key), key, wishes)
}

function parseTable(text: string, name: string, wishes: Wishes): Table {
  const body = text.replace(/^\uFEFF/, '')
  const start = body.trimStart()[0]
  const isJson = (start === '[' || start === '{') && !/\.[ct]sv$/i.test(name)
  if (!isJson) return fromCsv(body, name, wishes)
  const { rows, notes } = readJson(body, name)
  return fromRows(rows, notes, wishes)
}

function fromCsv(text: string, file: string, { columns: types = {}, missing = [], asText }: Wishes): Table {
  const { names, header, records } = readCsv(text, file)
  requireNames(types, new Set(names))
  const words = new Set(missing)
  const read = names.map((name, index) => {
    const texts = records.map((record) => record[index] ?? '')
    const type = ownValue(types, name) ?? (asText?.has(name) ? 'text' : undefined)
    const { reading, cells } = typeColumn(name, texts, { type, missing: words })
    return { name, header: header[index] ?? '', reading, cells }
  })
  const columns = read.map(({ name, header: written, reading }) => ({
    name,
    ...reading,
    ...(written === name ? {} : { header: written }),
  }))
  return { rows: rowsOf(read, records.length), columns, notes: columns.flatMap(notesOf) }
}

function rowsOf(columns: readonly { name: string; cells: Cell[] }[], count: number): Row[] {
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(columns.map(({ name, cells }) => [name, cells[row] ?? null])),
  )
}

function notesOf({ name, why, missing, header }: ColumnReading): string[] {
  const column = `column ${JSON.stringify(name)}`
  return [
    ...(header === undefined ? [] : [`${column} is named so for its header ${JSON.stringify(header)}`]),
    ...(why === undefined ? [] : [`${column} is text: ${why}`]),
    ...(missing === undefined ? [] : [`${column}: ${JSON.stringify(missing)} is read as no value`]),
  ]
}

/** JSON values have types already; only the columns named in `columns` are converted. */
function fromRows(rows: Row[], notes: string[], { columns: types = {} }: Wishes): Table {
  const wished = Object.entries(types)
  if (wished.length === 0) return { rows, columns: undefined, notes }
  const known = new Set(rows.flatMap((row) => Object.keys(row)))
  if (rows.length > 0) requireNames(types, known)
  const changed = rows.map((row, index) => {
    const cells = wished.flatMap(([name, type]) => {
      const cell = cellOf(row, name)
      if (typeof cell === 'string') return [[name, convertText(cell, type, name, index)] as const]
      return typeof cell === 'number' && type === 'text' ? [[name, String(cell)] as const] : []
    })
    return { ...row, ...Object.fromEntries(cells) }
  })
  return { rows: changed, columns: undefined, notes }
}

function requireNames(types: Record<string, unknown>, known: ReadonlySet<string>): void {
  for (const name of Object.keys(types)) {
    if (!known.has(name))
      throw bad(`"columns" names "${name}", which is no column${suggestNames(name, known)}`)
  }
}

function ownValue<T>(values: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined
}

function bad(message: string): OrchestratorError {
  return new OrchestratorError('InvalidInputError', message)
}
