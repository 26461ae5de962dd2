import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { CliError } from '../cli-error.ts'
import { printContent } from './terminal.ts'
import { cannotBeWritten, type Files, writeFolder } from './write-folder.ts'

/** A result that is a report: Markdown, with charts beside it. */
const ReportSchema = z.object({
  markdown: z.string(),
  charts: z.array(z.object({ name: z.string().regex(/^[\w-]+\.svg$/), svg: z.string() })).default([]),
})

export function reportIn(result: unknown): z.infer<typeof ReportSchema> | undefined {
  return ReportSchema.safeParse(result).data
}

/** A result as text: a report as its Markdown, anything else as JSON. */
export const textOf = (result: unknown): string =>
  reportIn(result)?.markdown ?? JSON.stringify(result, null, 2)

/**
 * Writes a result into a folder, as a report with its charts or as JSON; returns the file to open. A stream target (`-`, a pipe, a
 * device) gets the result as one text, and undefined is returned. Throws CliError.
 */
export async function saveResult(result: unknown, out: string): Promise<string | undefined> {
  if (out === '') throw new CliError('--out is the name of a folder, or - for standard output; this is ""')
  if (out === '-' || out === '/dev/stdout') {
    printContent(textOf(result))
    return
  }
  const found = await stat(out).catch(() => undefined)
  if (found?.isFile()) throw new CliError(`"${out}" is a file; --out is the name of a folder`)
  if (found && !found.isDirectory()) {
    await writeFile(out, `${textOf(result)}\n`).catch((error: Error) => {
      throw cannotBeWritten(out, error)
    })
    return
  }
  const files = filesOf(result)
  await writeFolder(out, files)
  return join(out, files.at(-1)?.[0] ?? '')
}

function filesOf(result: unknown): Files {
  const report = reportIn(result)
  if (!report) return [['result.json', `${textOf(result)}\n`]]
  // If an agent gives two charts one name, the last one wins.
  const charts = new Map(report.charts.map(({ name, svg }) => [name, svg] as const))
  return [...charts, ['report.md', report.markdown]]
}
