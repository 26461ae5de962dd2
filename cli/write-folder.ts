/**
 * Files of a result, written into a folder.
 *
 * Invariants (tests cite them):
 * W1 where one of the files cannot be written, none of them is there afterwards, nor a folder that was made for them; what stood there
 *    before still does
 * W2 it ends: a folder is made one by one, each once. Node makes them all at once (`recursive`), and goes round for ever where a
 *    file system refuses a name as missing (/proc)
 */
import { mkdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { boundedText } from '../shared/domain/bounded.ts'
import { CliError } from './cli-error.ts'

/** By their names; the last one is what a person opens, and comes when the others are there. */
export type Files = readonly (readonly [name: string, text: string])[]

const MOST_PATH_CHARACTERS = 200

/** Makes the folder where there is none. Throws CliError. */
export async function writeFolder(folder: string, files: Files): Promise<void> {
  const made: string[] = []
  const beside = files.map(([name]) => join(folder, `.${name}.${process.pid}.tmp`))
  try {
    await makeFolder(resolve(folder), made)
    await Promise.all(files.map(([, text], at) => writeFile(beside[at] ?? '', text, { flush: true })))
    for (const [at, [name]] of files.entries()) await rename(beside[at] ?? '', join(folder, name))
  } catch (error) {
    await Promise.all(beside.map((file) => rm(file, { force: true }).catch(() => {})))
    for (const path of made.toReversed()) await rmdir(path).catch(() => {})
    throw cannotBeWritten(folder, error as NodeJS.ErrnoException)
  }
}

/** W2. Adds to `made` what it has made. */
async function makeFolder(folder: string, made: string[]): Promise<void> {
  const found = await stat(folder).catch(unlessMissing)
  if (found?.isDirectory()) return
  if (found) throw Object.assign(new Error(), { code: 'ENOTDIR' })
  if (dirname(folder) !== folder) await makeFolder(dirname(folder), made)
  await mkdir(folder).then(
    () => made.push(folder),
    (error: NodeJS.ErrnoException) => {
      // Another process was faster.
      if (error.code !== 'EEXIST') throw error
    },
  )
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

const WHY: Readonly<Record<string, string>> = {
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'what is there can only be read',
  ENOENT: 'no folder can be made there',
  ENOTDIR: 'a file stands where a folder would have to be',
  EISDIR: 'a folder stands where a file would have to be',
  ENOTEMPTY: 'a folder stands where a file would have to be',
  EEXIST: 'a folder stands where a file would have to be',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'no space is left',
  EDQUOT: 'no space is left',
}

/** In words, and with the code that a search engine knows. */
export function cannotBeWritten(path: string, { code = '', message }: NodeJS.ErrnoException): CliError {
  const why = Object.hasOwn(WHY, code) ? `${WHY[code]} (${code})` : message
  return new CliError(
    `the result cannot be written to "${boundedText(path, MOST_PATH_CHARACTERS)}": ${boundedText(why)}`,
  )
}
