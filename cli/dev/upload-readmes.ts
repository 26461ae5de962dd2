import { glob } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { uploadFiles } from '../input/upload-files.ts'

const MAX_READMES = 200

/** Uploads a corpus that most installations have: the READMEs of the packages in node_modules. Returns their number, which may be 0. */
export async function uploadReadmes(base: string, root: string): Promise<number> {
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
  return (await uploadFiles(files, 'corpus', base)).count
}
