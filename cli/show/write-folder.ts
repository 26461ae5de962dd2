/**
 * Writes the files of a result into a folder.
 *
 * Invariants (tests cite them):
 * folder/W1 all or nothing: if one file cannot be written, none of them exists afterwards, nor a folder created for them; files that were
 *    there before are unchanged
 */
import { lstat, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { boundedText } from '../../shared/domain/bounded.ts'
import { CliError } from '../cli-error.ts'
import { makeFolder, whyNot } from './make-folder.ts'

/** File texts by name; the last one is the one to open, and is written after the others. */
export type Files = readonly (readonly [name: string, text: string])[]

const MOST_PATH_CHARACTERS = 200

/** Creates the folder if it does not exist. Throws CliError. */
export async function writeFolder(folder: string, files: Files): Promise<void> {
  const made: string[] = []
  const beside = files.map(([name]) => join(folder, `.${name}.${process.pid}.tmp`))
  try {
    await makeFolder(resolve(folder), made)
    await refuseFolders(files.map(([name]) => join(folder, name)))
    // All writes settle before any cleanup.
    const written = await Promise.allSettled(
      files.map(([, text], at) => writeFile(beside[at] ?? '', text, { flush: true })),
    )
    for (const one of written) if (one.status === 'rejected') throw one.reason
    for (const [at, [name]] of files.entries()) await rename(beside[at] ?? '', join(folder, name))
  } catch (error) {
    await Promise.all(beside.map((file) => rm(file, { force: true }).catch(() => {})))
    for (const path of made.toReversed()) await rmdir(path).catch(() => {})
    throw cannotBeWritten(folder, error as NodeJS.ErrnoException)
  }
}

/** Renaming onto a folder would fail after other files are in place. Throws EISDIR. */
async function refuseFolders(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const found = await lstat(path).catch(() => undefined)
    if (found?.isDirectory()) throw Object.assign(new Error(path), { code: 'EISDIR' })
  }
}

export function cannotBeWritten(path: string, error: NodeJS.ErrnoException): CliError {
  return new CliError(
    `the result cannot be written to "${boundedText(path, MOST_PATH_CHARACTERS)}": ${whyNot(error)}`,
  )
}
