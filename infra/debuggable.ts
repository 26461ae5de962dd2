import { glob, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BuildOptions } from 'esbuild'

/** Set by `orchestrator dev --inspect`: bundles get source maps, so that breakpoints in TypeScript files resolve. */
export const isDebuggable = (): boolean => process.env.ORCHESTRATOR_SOURCE_MAPS === 'true'

/** The esbuild options for a debuggable bundle; unchanged when debugging is off. */
export function debuggable<T extends BuildOptions>(options: T): T | (T & BuildOptions) {
  return isDebuggable() ? { ...options, minify: false, sourcemap: 'linked', sourcesContent: false } : options
}

/** Makes the sources in a folder's source maps absolute: the CDK copies bundles elsewhere, where relative paths would not resolve. */
export async function placeSources(folder: string): Promise<void> {
  if (!isDebuggable()) return
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
