import { type AgentContext, defineAgent } from 'orchestrator/agent'
import * as z from 'zod'
import { RowSchema } from '../_support/schemas.ts'
import {
  boundedNotes,
  ColumnReadingSchema,
  ReadingWishes,
  readTable,
  type Table,
  TableSchema,
} from '../_support/table.ts'
import { aggregate } from './aggregate.ts'
import { columnsThatAreText, merge } from './merge.ts'
import { transform } from './transform.ts'

const NotesSchema = z.array(z.string()).describe('What was guessed, named apart or left out')
const ColumnsSchema = z
  .array(ColumnReadingSchema)
  .optional()
  .describe('How each column of a CSV was read; hand it to format.csv to have the same text again')
const RowsSchema = z.object({ rows: z.array(RowSchema), columns: ColumnsSchema, notes: NotesSchema })
const FunctionSchema = z.enum(['count', 'sum', 'mean', 'median', 'min', 'max'])
const MeasureSchema = z.object({ function: FunctionSchema, column: z.string().optional() })

const MergeSchema = z.object({
  sources: z.array(TableSchema).min(1).max(20),
  on: z.string().optional().describe('The key that the tables share'),
  join: z
    .enum(['left', 'inner', 'full'])
    .default('left')
    .describe('Which rows without a match are kept: of the first table, none, of all'),
  ...ReadingWishes,
})

export default defineAgent({
  id: 'data',
  version: '2.0.0',
  typicalSeconds: 0.2,
  price: { mostUsd: 0, mostTokens: 0 },
  description: 'Reshapes tables: transform, aggregate, split and merge.',
  capabilities: {
    'data.transform': {
      description:
        'Rows filtered, reshaped, sorted and cut with JSONata; `$row` is the row, `$index` its position.',
      input: z.object({
        source: TableSchema,
        where: z.string().optional().describe('Keep the rows for which it is true: $row.amount > 5'),
        select: z
          .record(z.string(), z.string())
          .optional()
          .describe('New columns by name, each an expression'),
        orderBy: z
          .string()
          .optional()
          .describe('A column; `-column` for descending. Numbers by value, then text; missing cells last'),
        limit: z.number().int().min(1).optional(),
        ...ReadingWishes,
      }),
      output: RowsSchema,
    },
    'data.aggregate': {
      description: 'One row per group, with counts and statistics of columns; sums are exact decimals.',
      input: z.object({
        source: TableSchema,
        groupBy: z.array(z.string()).default([]),
        measures: z
          .record(z.string(), MeasureSchema)
          .describe(
            'New columns by name: {"total": {"function": "sum", "column": "amount"}}; count takes no column',
          ),
        ...ReadingWishes,
      }),
      output: RowsSchema.omit({ columns: true }),
    },
    'data.split': {
      description: 'Rows in parts of at most `size`.',
      input: z.object({ source: TableSchema, size: z.number().int().min(1), ...ReadingWishes }),
      output: z.object({ parts: z.array(RowsSchema.shape.rows), columns: ColumnsSchema, notes: NotesSchema }),
    },
    'data.merge': {
      description: 'Tables one under the other, or joined on a key as in SQL: every match is a row.',
      input: MergeSchema,
      output: RowsSchema.omit({ columns: true }),
    },
  },
  limits: { timeoutSeconds: 120, memoryMb: 1024 },
  async execute(call, context) {
    if (call.capability === 'data.merge') return mergeSources(call.input, context)
    // An earlier filter step may have removed all rows.
    const table = await readTable(call.input.source, context, { ...call.input, mayBeEmpty: true })
    const { rows, notes, ...read } = table
    if (call.capability === 'data.transform') {
      const { rows: kept, notes: more } = await transform(rows, call.input, context.signal)
      return { rows: kept, notes: boundedNotes([...notes, ...more]), ...read }
    }
    if (call.capability === 'data.aggregate') {
      const { rows: groups, notes: more } = aggregate(rows, call.input)
      return { rows: groups, notes: boundedNotes([...notes, ...more]) }
    }
    const { size } = call.input
    const parts = Array.from({ length: Math.ceil(rows.length / size) }, (_, part) =>
      rows.slice(part * size, (part + 1) * size),
    )
    return { parts, notes, ...read }
  },
})

async function mergeSources(input: z.infer<typeof MergeSchema>, context: AgentContext) {
  const { sources, columns, missing } = input
  const read = (asText: ReadonlySet<string>): Promise<Table[]> =>
    Promise.all(
      sources.map((source) => readTable(source, context, { columns, missing, asText, mayBeEmpty: true })),
    )
  const guessed = await read(new Set())
  const text = columnsThatAreText(guessed)
  const tables = text.size === 0 ? guessed : await read(text)
  const { rows, notes } = merge(
    tables.map((table) => table.rows),
    input,
  )
  const told = tables.flatMap(({ notes: own }, index) => own.map((note) => `source ${index + 1}: ${note}`))
  const together = [...text].map((name) => `column "${name}" is text, for it is text in another source`)
  return { rows, notes: boundedNotes([...together, ...told, ...notes]) }
}
