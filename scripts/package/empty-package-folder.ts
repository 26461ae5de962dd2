import { readdir, readFile, realpath, rm } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { makeFolder, whyNot } from '../../cli/show/make-folder.ts'

type Checkout = { root: string; name: string }

/**
 * Creates a folder for the package, or empties that of an earlier one, and returns its absolute path. If the folder
 * contains the checkout, or files that are not a package of this name, it throws an Error and deletes nothing.
 */
export async function emptyPackageFolder(folder: string, { root, name }: Checkout): Promise<string> {
  const refuse = (reason: string): never => {
    throw new Error(
      `--out "${folder}" is refused, because its contents would be deleted: ${reason}. Name a new folder, an empty one, or that of an earlier package`,
    )
  }
  const out = resolve(folder)
  if (isWithin(await realpath(root), await existing(out))) refuse('it holds this checkout')
  const files = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    return error.code === 'ENOTDIR' ? refuse('it is a file') : Promise.reject(error)
  })
  if (files.length > 0 && !(await isPackage(out, name)))
    refuse(`it is neither empty nor a package of "${name}": it has ${files.slice(0, 3).join(', ')}`)
  await rm(out, { recursive: true, force: true })
  await makeFolder(out).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`--out "${folder}" cannot be a folder: ${whyNot(error)}`)
  })
  return out
}

/** The real path of a folder that may not exist yet: symbolic links are resolved as far as it does. */
async function existing(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    return join(await existing(dirname(path)), path.slice(dirname(path).length))
  }
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** Recognizes a packed package: its manifest has no scripts, unlike those of a checkout or a project. */
async function isPackage(folder: string, name: string): Promise<boolean> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >
    return manifest.name === name && manifest.scripts === undefined
  } catch {
    return false
  }
}
