import { defineAgent } from 'orchestrator/agent'
import * as z from 'zod'
import { JsonSchema, RowSchema } from '../_support/schemas.ts'
import { ColumnReadingSchema } from '../_support/table.ts'
import { formatCsv } from './format-csv.ts'
import { formatHtml } from './format-html.ts'

const TextSchema = z.object({ text: z.string(), mediaType: z.string() })

export default defineAgent({
  id: 'format',
  version: '2.0.0',
  typicalSeconds: 0.1,
  price: { mostUsd: 0, mostTokens: 0 },
  description: 'Turns values into Markdown, HTML, CSV or JSON text.',
  capabilities: {
    'format.html': {
      description: 'A Markdown text as a sanitised page, its charts inside it.',
      input: z.object({
        title: z.string().default('Report'),
        markdown: z.string(),
        charts: z.array(z.object({ name: z.string(), title: z.string(), svg: z.string() })).default([]),
      }),
      output: TextSchema,
    },
    'format.csv': {
      description: 'Rows as CSV (RFC 4180).',
      input: z.object({
        rows: z.array(RowSchema),
        columns: z
          .array(ColumnReadingSchema)
          .optional()
          .describe('How a CSV was read (`columns` of data.transform): its cells get the text that they had'),
        spreadsheet: z
          .boolean()
          .default(false)
          .describe(
            'For Excel and its like: a byte order mark, and an apostrophe before what they would run',
          ),
      }),
      output: TextSchema,
    },
    'format.json': {
      description: 'Any value as indented JSON.',
      input: z.object({ value: JsonSchema }),
      output: TextSchema,
    },
    'format.markdown': {
      description: 'Any value as a Markdown document: text as it is, everything else as a JSON block.',
      input: z.object({ title: z.string(), value: JsonSchema }),
      output: TextSchema,
    },
  },
  limits: { timeoutSeconds: 30, memoryMb: 512 },
  async execute(call) {
    if (call.capability === 'format.html') return { text: formatHtml(call.input), mediaType: 'text/html' }
    if (call.capability === 'format.csv')
      return { text: formatCsv(call.input.rows, call.input), mediaType: 'text/csv' }
    if (call.capability === 'format.json')
      return { text: JSON.stringify(call.input.value, null, 2), mediaType: 'application/json' }
    const { title, value } = call.input
    const body = typeof value === 'string' ? value : `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``
    return { text: `# ${title.replace(/\s+/g, ' ')}\n\n${body}\n`, mediaType: 'text/markdown' }
  },
})
