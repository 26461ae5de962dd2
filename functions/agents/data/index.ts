import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/define-agent.ts'
import { readTable, TableSchema } from '../_support/table.ts'
import { aggregate } from './aggregate.ts'
import { merge } from './merge.ts'
import { transform } from './transform.ts'

const RowsSchema = z.object({ rows: z.array(z.record(z.string(), z.json())) })
const FunctionSchema = z.enum(['count', 'sum', 'mean', 'median', 'min', 'max'])

export default defineAgent({
  id: 'data',
  version: '1.0.0',
  typicalSeconds: 0.2,
  description: 'Reshapes tables: transform, aggregate, split and merge.',
  capabilities: {
    'data.transform': {
      description:
        'Rows filtered, reshaped, sorted and cut with JSONata; `$row` is the row, `$index` its position.',
      input: z.object({
        source: TableSchema,
        where: z.string().optional().describe('Keep the rows for which it is true'),
        select: z
          .record(z.string(), z.string())
          .optional()
          .describe('New columns by name, each an expression'),
        orderBy: z.string().optional().describe('A column; `-column` for descending'),
        limit: z.number().int().min(1).optional(),
      }),
      output: RowsSchema,
    },
    'data.aggregate': {
      description: 'One row per group, with counts and statistics of columns.',
      input: z.object({
        source: TableSchema,
        groupBy: z.array(z.string()).default([]),
        measures: z.record(z.string(), z.object({ function: FunctionSchema, column: z.string().optional() })),
      }),
      output: RowsSchema,
    },
    'data.split': {
      description: 'Rows in parts of at most `size`.',
      input: z.object({ source: TableSchema, size: z.number().int().min(1) }),
      output: z.object({ parts: z.array(RowsSchema.shape.rows) }),
    },
    'data.merge': {
      description: 'Tables one under the other, or side by side on a key.',
      input: z.object({ sources: z.array(TableSchema).min(1).max(20), on: z.string().optional() }),
      output: RowsSchema,
    },
  },
  limits: { timeoutSeconds: 120, memoryMb: 1024 },
  async execute(call, context) {
    if (call.capability === 'data.merge') {
      const tables = await Promise.all(call.input.sources.map((source) => readTable(source, context)))
      return { rows: merge(tables, call.input.on) }
    }
    const rows = await readTable(call.input.source, context)
    if (call.capability === 'data.transform')
      return { rows: await transform(rows, call.input, context.signal) }
    if (call.capability === 'data.aggregate') return { rows: aggregate(rows, call.input) }
    const { size } = call.input
    return {
      parts: Array.from({ length: Math.ceil(rows.length / size) }, (_, part) =>
        rows.slice(part * size, (part + 1) * size),
      ),
    }
  },
})
