import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { build } from 'esbuild'

export type Scanned = {
  /** The absolute path of each entry -> a digest of all project files that it imports. */
  digests: Map<string, string>
  files: string[]
}

/** Rejects with esbuild's BuildFailure, in which file names are relative to `root`. */
export async function scanAgents(entries: readonly string[], root: string): Promise<Scanned> {
  const { metafile } = await build({
    absWorkingDir: resolve(root),
    entryPoints: [...entries],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outdir: resolve(root),
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  const read = new Map<string, Promise<string>>()
  const textOf = (path: string): Promise<string> => {
    const known = read.get(path) ?? readFile(resolve(root, path), 'utf8')
    read.set(path, known)
    return known
  }
  const digests = Object.values(metafile.outputs).map(async ({ entryPoint = '', inputs }) => {
    const files = Object.keys(inputs).sort()
    const texts = await Promise.all(files.map(textOf))
    return [resolve(root, entryPoint), digestOf(JSON.stringify([files, texts]))] as const
  })
  return {
    digests: new Map(await Promise.all(digests)),
    files: Object.keys(metafile.inputs).map((path) => resolve(root, path)),
  }
}

/** A short digest, to see whether a text has changed. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
