import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CliError } from '../cli-error.ts'
import { whyNot } from '../show/make-folder.ts'

/** Texts of files by relative path, with forward slashes. */
export type NewFiles = Readonly<Record<string, string>>

/** Writes all files or none: throws CliError naming those that exist. */
export async function writeNewFiles(root: string, files: NewFiles): Promise<void> {
  const there = Object.keys(files).filter((path) => existsSync(join(root, path)))
  if (there.length > 0)
    throw new CliError(
      `${there.join(' and ')} ${there.length === 1 ? 'is' : 'are'} there already; nothing was written`,
    )
  for (const [path, text] of Object.entries(files)) {
    const refuse = (error: NodeJS.ErrnoException): never => {
      throw new CliError(`${join(root, path)} cannot be written: ${whyNot(error)}`)
    }
    await mkdir(dirname(join(root, path)), { recursive: true }).catch(refuse)
    await writeFile(join(root, path), text, { flag: 'wx' }).catch(refuse)
  }
}
