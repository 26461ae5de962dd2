import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { boundedText } from '../../shared/domain/bounded.ts'

/**
 * Creates a folder and its missing parents one by one; adds the created ones to `made`. Node's `recursive` would do it at once,
 * but loops for ever where a file system refuses a name as missing (/proc). Throws the error of the file system.
 */
export async function makeFolder(folder: string, made: string[] = []): Promise<void> {
  const found = await stat(folder).catch(unlessMissing)
  if (found?.isDirectory()) return
  if (found) throw Object.assign(new Error(), { code: 'ENOTDIR' })
  if (dirname(folder) !== folder) await makeFolder(dirname(folder), made)
  await mkdir(folder).then(
    () => made.push(folder),
    (error: NodeJS.ErrnoException) => {
      // Another process created it first.
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

/** In words, with the error code, which can be searched for. */
export function whyNot({ code = '', message }: NodeJS.ErrnoException): string {
  return boundedText(Object.hasOwn(WHY, code) ? `${WHY[code]} (${code})` : message)
}
