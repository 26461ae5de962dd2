import { glob } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { uploadFiles } from '../input/upload-files.ts'
import type { FirstStart } from './first-start.ts'
import { stateOfFiles } from './synthesis/project-state.ts'

const MAX_READMES = 200

/**
 * Uploads a corpus that most installations have: the READMEs of the packages in node_modules, unless an earlier start has uploaded the
 * same. Returns their number, which may be 0.
 */
export async function uploadReadmes(base: string, root: string, start: FirstStart): Promise<number> {
  const cwd = join(root, 'node_modules')
  const names = await Array.fromAsync(glob(['*/README.md', '@*/*/README.md'], { cwd }))
  const files = names
    .sort()
    .slice(0, MAX_READMES)
    .map((name) => ({
      local: join(cwd, name),
      path: name
        .split(sep)
        .join('/')
        .replace(/\/README\.md$/, '.md'),
    }))
  if (files.length === 0) return 0
  const state = stateOfFiles(files.map(({ local }) => local))
  if (state === start.done.readmes) return files.length
  const { count } = await uploadFiles(files, 'corpus', base)
  await start.note({ readmes: state })
  return count
}
