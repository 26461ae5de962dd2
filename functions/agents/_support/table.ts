import { parse } from 'csv-parse/sync'
import * as z from 'zod'
import type { AgentContext } from '../../../shared/agent/define-agent.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { FileReferenceSchema, isFolderReference } from '../../../shared/domain/file-reference.ts'
import { isJsonObject } from '../../../shared/domain/json.ts'

export type Cell = string | number | boolean | null
export type Row = Record<string, Cell>

const MAX_ROWS = 500_000
const RowSchema = z.record(z.string(), z.unknown())

/** A table: a file that was uploaded, CSV or JSON text, or the rows themselves. */
export const TableSchema = z.union([FileReferenceSchema, z.string(), z.array(RowSchema)])
export type Table = z.infer<typeof TableSchema>

/** The rows of a table, cells typed. Throws InvalidInputError that says where it stops being a table. */
export async function readTable(table: Table, context: Pick<AgentContext, 'files'>): Promise<Row[]> {
  const rows = await rowsOf(table, context)
  if (rows.length === 0) throw bad('the table has no rows')
  if (rows.length > MAX_ROWS) throw bad(`the table has ${rows.length} rows; this reads at most ${MAX_ROWS}`)
  return rows
}

async function rowsOf(table: Table, { files }: Pick<AgentContext, 'files'>): Promise<Row[]> {
  if (Array.isArray(table)) return table.map(flatRow)
  if (typeof table === 'string') return parseTable(table, 'the inline text')
  if (isFolderReference(table)) throw bad(`${table.$file} is a folder; name one CSV or JSON file in it`)
  const [file] = await files.list(table)
  return parseTable(await files.readText(file?.key ?? table.$file), table.$file)
}

function parseTable(text: string, name: string): Row[] {
  const start = text.trimStart()[0]
  return start === '[' || start === '{' ? parseJson(text, name) : parseCsv(text, name)
}

function parseCsv(text: string, name: string): Row[] {
  try {
    const records = parse(text, {
      columns: true,
      delimiter: delimiterOf(text),
      bom: true,
      skip_empty_lines: true,
      trim: true,
    }) as Record<string, string>[]
    return records.map((record) =>
      Object.fromEntries(Object.entries(record).map(([key, cell]) => [key, typedCell(cell)])),
    )
  } catch (error) {
    throw bad(`${name} is not CSV: ${(error as Error).message}`)
  }
}

/** The separator that stands most often in the first line: comma, semicolon or tab. */
function delimiterOf(text: string): string {
  const header = text.slice(0, text.search(/[\r\n]|$/))
  const counts = [',', ';', '\t'].map((mark) => ({ mark, count: header.split(mark).length }))
  return counts.reduce((a, b) => (b.count > a.count ? b : a)).mark
}

function parseJson(text: string, name: string): Row[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw bad(`${name} is not JSON: ${(error as Error).message}`)
  }
  const rows = Array.isArray(value)
    ? value
    : isJsonObject(value)
      ? Object.values(value).find(Array.isArray)
      : undefined
  if (!rows?.every(isJsonObject))
    throw bad(`${name} is JSON, but neither a list of objects nor an object with one`)
  return rows.map(flatRow)
}

/** Nested members become JSON text: a table has cells. */
function flatRow(row: Record<string, unknown>): Row {
  const cells = Object.entries(row).map(([key, value]): [string, Cell] => {
    if (typeof value === 'string') return [key, typedCell(value)]
    if (value === undefined || value === null) return [key, null]
    return [key, typeof value === 'number' || typeof value === 'boolean' ? value : JSON.stringify(value)]
  })
  return Object.fromEntries(cells)
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '-'])

function typedCell(text: string): Cell {
  if (MISSING.has(text.toLowerCase())) return null
  if (text === 'true' || text === 'false') return text === 'true'
  // 007 and numbers past 2^53 are names, not quantities.
  if (NUMBER.test(text) && !/^[+-]?0\d/.test(text) && Number.isSafeInteger(Math.trunc(Number(text))))
    return Number(text)
  return text
}

function bad(message: string): OrchestratorError {
  return new OrchestratorError('InvalidInputError', message)
}
