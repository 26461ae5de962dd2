import { glob, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BuildOptions } from 'esbuild'

/** `orchestrator dev --inspect` says so: bundles with source maps, so that a breakpoint in a file of TypeScript is found in them. */
const isWanted = (): boolean => process.env.ORCHESTRATOR_SOURCE_MAPS === 'true'

/** How esbuild bundles where a debugger may attach; as given where none may. */
export function debuggable<T extends BuildOptions>(options: T): T | (T & BuildOptions) {
  return isWanted() ? { ...options, minify: false, sourcemap: 'linked', sourcesContent: false } : options
}

/** Names the sources in the maps of a folder by their addresses: the CDK copies bundles to where relative paths mean nothing. */
export async function placeSources(folder: string): Promise<void> {
  if (!isWanted()) return
  for await (const name of glob('**/*.mjs.map', { cwd: folder })) {
    const file = join(folder, name)
    const map = JSON.parse(await readFile(file, 'utf8')) as { sources: string[] }
    const sources = map.sources.map((source) =>
      /^\w+:(?!\/\/)/.test(source) || source.startsWith('file:')
        ? source
        : pathToFileURL(resolve(dirname(file), source)).href,
    )
    await writeFile(file, JSON.stringify({ ...map, sources }))
  }
}
