import { defineAgent, FileReferenceSchema } from 'orchestrator/agent'
import * as z from 'zod'

/** A row in CSV; cells with commas, quotes or line breaks are quoted. */
const line = (cells: readonly unknown[]): string =>
  `${cells.map((cell) => (/[",\r\n]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : String(cell))).join(',')}\r\n`

/** The numbers from 1 on with their squares, made as they are written: the file is never in memory as a whole. */
function* table(rows: number): Generator<string> {
  yield line(['number', 'square'])
  for (let number = 1; number <= rows; number++) yield line([number, number ** 2])
}

/**
 * Writes a file and names it in its output: the next agent reads it (`context.files.read`), people download it (`orchestrator files get`).
 * To run it: copy this file to functions/agents/exporter/index.ts (agents/exporter/index.ts in a project).
 */
export default defineAgent({
  id: 'exporter',
  version: '1.0.0',
  description: 'Exports a table as a CSV file.',
  capabilities: {
    'export.squares': {
      description: 'A CSV file with numbers and their squares.',
      input: z.object({ rows: z.number().int().min(0).max(10_000_000) }),
      output: z.object({ file: FileReferenceSchema, rows: z.number() }),
    },
  },
  limits: { timeoutSeconds: 300 },
  async execute({ input: { rows } }, { files }) {
    async function* content(): AsyncGenerator<string> {
      yield* table(rows)
    }
    return { file: await files.write('squares.csv', content()), rows }
  },
})
