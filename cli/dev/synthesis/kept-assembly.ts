/**
 * The assembly of the last start, for the next one.
 *
 * Invariants (tests cite them):
 * kept-assembly/K1 an assembly is taken again only where a synthesis would write the same: nothing that it was made from has changed
 * kept-assembly/K2 an assembly comes to its place whole, with its record in it: it is made in a folder of its own, in which the app of a
 *    process that was killed may write on
 * kept-assembly/K3 an assembly whose files are not those that were recorded is not taken
 * kept-assembly/K4 what changes during a synthesis leaves no record
 */
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import * as z from 'zod'
import { stateOfFiles } from './project-state.ts'

const RecordSchema = z.object({
  project: z.string(),
  packages: z.object({ files: z.array(z.string()), state: z.string() }),
  /** Path in the assembly, size, time of modification. */
  files: z.array(z.tuple([z.string(), z.number(), z.number()])),
  warnings: z.array(z.string()),
})

const RECORD = 'kept.json'
/** Written by the bundling of an orchestrator's functions: the files of packages, and those outside the project, that are in bundles, as
 * absolute paths. */
const PACKAGE_FILES = 'bundles/package-files.json'
/** A file's time of change lags behind the clock by up to one tick of the system. */
const TICK_MILLISECONDS = 20

/** The warnings of the synthesis that has made the assembly in `folder`, if another would make the same now. */
export async function findKept(folder: string, project: string | undefined): Promise<string[] | undefined> {
  try {
    const record = RecordSchema.parse(JSON.parse(await readFile(join(folder, RECORD), 'utf8')))
    if (record.project !== project || stateOfFiles(record.packages.files) !== record.packages.state)
      return undefined
    return (await isWhole(folder, record.files)) ? record.warnings : undefined
  } catch {
    // Missing or damaged.
    return undefined
  }
}

/** Puts a new assembly in the place of the one in `folder` (kept-assembly/K2). */
export async function replace(folder: string, made: string): Promise<void> {
  // The record first: what is removed by half is not taken.
  await rm(join(folder, RECORD), { force: true })
  await rm(folder, { recursive: true, force: true })
  await rename(made, folder)
}

/** Removes what processes that were killed have left beside `folder`. What cannot be removed does no harm. */
export async function removeLeft(folder: string): Promise<void> {
  const start = `${basename(folder).replace(/\.\d+$/, '')}.`
  for (const name of await readdir(dirname(folder)).catch(() => [])) {
    const pid = name.startsWith(start) ? Number(/^\d+/.exec(name.slice(start.length))?.[0]) : Number.NaN
    if (pid !== process.pid && isGone(pid))
      await rm(join(dirname(folder), name), { recursive: true, force: true }).catch(() => {})
  }
}

/** False for what is no process id. */
function isGone(pid: number): boolean {
  if (!Number.isInteger(pid)) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

type Made = {
  /** The states of the project before and after the synthesis. */
  project: readonly [before: string | undefined, after: string | undefined]
  /** When the synthesis began, in milliseconds since the epoch. */
  startedAt: number
  warnings: readonly string[]
}

/** Records an assembly for the next start, unless that cannot be done: it then costs time only. */
export async function keep(folder: string, made: Made): Promise<void> {
  await record(folder, made).catch(() => {})
}

async function record(folder: string, { project, startedAt, warnings }: Made): Promise<void> {
  const [before, after] = project
  if (before === undefined || before !== after) return
  const files = z.array(z.string()).parse(JSON.parse(await readFile(join(folder, PACKAGE_FILES), 'utf8')))
  const state = stateOfFiles(files, startedAt - TICK_MILLISECONDS)
  if (state === undefined) return
  const written = await filesBelow(folder)
  const facts = await Promise.all(written.map(async (path) => factsOf(folder, path)))
  const text = JSON.stringify({ project: before, packages: { files, state }, files: facts, warnings })
  const incomplete = join(folder, `.${RECORD}.${process.pid}`)
  await writeFile(incomplete, text)
  await rename(incomplete, join(folder, RECORD))
}

async function isWhole(folder: string, files: z.infer<typeof RecordSchema>['files']): Promise<boolean> {
  const now = await Promise.all(files.map(([path]) => factsOf(folder, path)))
  return files.length > 0 && JSON.stringify(now) === JSON.stringify(files)
}

async function factsOf(folder: string, path: string): Promise<[string, number, number]> {
  const { size, mtimeMs } = await stat(join(folder, path))
  return [path, size, mtimeMs]
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}
