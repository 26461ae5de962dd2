import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { CliError } from './cli-error.ts'

/** A result that is a report: Markdown, with charts beside it. */
const ReportSchema = z.object({
  markdown: z.string(),
  charts: z.array(z.object({ name: z.string().regex(/^[\w-]+\.svg$/), svg: z.string() })).default([]),
})

export function reportIn(result: unknown): z.infer<typeof ReportSchema> | undefined {
  return ReportSchema.safeParse(result).data
}

/** Writes a result into a folder, as a report with its charts or as JSON; answers the file to open. Throws CliError. */
export async function saveResult(result: unknown, folder: string): Promise<string> {
  try {
    return await write(result, folder)
  } catch (error) {
    throw new CliError(`the result cannot be written to "${folder}": ${(error as Error).message}`)
  }
}

async function write(result: unknown, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const report = reportIn(result)
  if (!report) {
    const path = join(folder, 'result.json')
    await writeFile(path, `${JSON.stringify(result, null, 2)}\n`)
    return path
  }
  await Promise.all(report.charts.map(({ name, svg }) => writeFile(join(folder, name), svg)))
  const path = join(folder, 'report.md')
  await writeFile(path, report.markdown)
  return path
}
