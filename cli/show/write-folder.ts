/**
 * Files of a result, written into a folder.
 *
 * Invariants (tests cite them):
 * folder/W1 where one of the files cannot be written, none of them is there afterwards, nor a folder that was made for them; what stood there
 *    before still does
 */
import { lstat, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { boundedText } from '../../shared/domain/bounded.ts'
import { CliError } from '../cli-error.ts'
import { makeFolder, whyNot } from './make-folder.ts'

/** By their names; the last one is what a person opens, and comes when the others are there. */
export type Files = readonly (readonly [name: string, text: string])[]

const MOST_PATH_CHARACTERS = 200

/** Makes the folder where there is none. Throws CliError. */
export async function writeFolder(folder: string, files: Files): Promise<void> {
  const made: string[] = []
  const beside = files.map(([name]) => join(folder, `.${name}.${process.pid}.tmp`))
  try {
    await makeFolder(resolve(folder), made)
    await refuseFolders(files.map(([name]) => join(folder, name)))
    // All have ended before what is there is removed again.
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

/** A rename onto a folder would fail when others are through. Throws EISDIR. */
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
