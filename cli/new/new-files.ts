import { existsSync } from 'node:fs'
import { rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CliError } from '../cli-error.ts'
import { makeFolder, whyNot } from '../show/make-folder.ts'

/** Texts of files by relative path, with forward slashes. */
export type NewFiles = Readonly<Record<string, string>>

/** Writes all files or none: throws CliError naming those that exist. */
export async function writeNewFiles(root: string, files: NewFiles): Promise<void> {
  const there = Object.keys(files).filter((path) => existsSync(join(root, path)))
  if (there.length > 0)
    throw new CliError(
      `${there.join(' and ')} ${there.length === 1 ? 'is' : 'are'} there already; nothing was written`,
    )
  const folders: string[] = []
  const written: string[] = []
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path)
    try {
      await makeFolder(dirname(file), folders)
      await writeFile(file, text, { flag: 'wx' })
      written.push(file)
    } catch (error) {
      await takeBack(written, folders)
      throw new CliError(`${file} cannot be written: ${whyNot(error as NodeJS.ErrnoException)}`)
    }
  }
}

async function takeBack(files: readonly string[], folders: readonly string[]): Promise<void> {
  for (const file of files) await rm(file, { force: true })
  // Folders that now contain files of other programs are not empty, and stay.
  for (const folder of folders.toReversed()) await rmdir(folder).catch(() => {})
}
