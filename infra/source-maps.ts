import { readFile, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readMappings, writeMappings } from '../shared/domain/source-mappings.ts'
import { isDebuggable } from './debuggable.ts'
import { PACKAGE_ROOT } from './package-root.ts'

/**
 * Source maps of bundles, as the functions read them (functions/telemetry/map-stacks.ts).
 *
 * Invariants (tests cite them):
 * source-maps/M1 a map names files as the author does: relative to the project; it has no path of the machine that made it
 * source-maps/M2 lines and columns are kept for the project's own files; of a package's file only its name is
 */

/** What esbuild writes, as far as it is read here. */
export type SourceMap = { version: number; sources: string[]; names: string[]; mappings: string }

/** The prefix of this package's files in a project that has it installed. */
const OURS = 'orchestrator'

/** Rewrites the maps of the bundles in these folders of `out`; `root` is the project's. */
export async function placeSources(out: string, root: string, bundles: readonly string[]): Promise<void> {
  await Promise.all(
    bundles.map(async (name) => {
      const file = join(out, name, 'index.mjs.map')
      const map = JSON.parse(await readFile(file, 'utf8')) as SourceMap
      const placed = isDebuggable() ? absolute(map, dirname(file), root) : compact(map, dirname(file), root)
      await writeFile(file, JSON.stringify(placed))
    }),
  )
}

/** For debuggers, which look for the files themselves: the CDK copies bundles elsewhere, where relative paths would not resolve. */
function absolute(map: SourceMap, folder: string, root: string) {
  const sources = map.sources.map((source) =>
    isVirtual(source) ? source : pathToFileURL(resolve(folder, source)).href,
  )
  // Stacks name files from here; fields that begin so are left to tools by the specification of source maps.
  return { ...map, sources, x_root: pathToFileURL(`${resolve(root)}${sep}`).href }
}

/**
 * Only what stacks need (source-maps/M2). Packages are most of a bundle: a whole map is larger than its bundle.
 */
function compact(map: SourceMap, folder: string, root: string): SourceMap {
  const named = map.sources.map((source) =>
    isVirtual(source) ? undefined : sourceName(resolve(folder, source), root),
  )
  const sources = [...new Set(named.filter((name) => name !== undefined))]
  const indexes = named.map((name) => (name === undefined ? -1 : sources.indexOf(name)))
  const isOwn = sources.map((name) => !isOfPackage(name))
  const written = writeMappings()
  let [before, lineBefore] = [-1, 0]
  readMappings(map.mappings, (line, column, from, sourceLine, sourceColumn) => {
    const source = indexes[from] ?? -1
    // A place is looked up in its line of the bundle: a text of several lines keeps them.
    if (line !== lineBefore) before = -1
    lineBefore = line
    if (source !== -1 && isOwn[source]) written.add(line, column, source, sourceLine, sourceColumn)
    // The whole of a package's file is one stretch, and so is what comes from no file.
    else if (source !== before) written.add(line, column, source, 0, 0)
    before = source
  })
  return { version: map.version, sources, names: [], mappings: written.text() }
}

/** A file as the author knows it (source-maps/M1): `agents/greeter/index.ts`, `node_modules/zod/...`, `orchestrator/shared/...`. */
export function sourceName(path: string, root: string): string {
  const inPackage = path.lastIndexOf(`${sep}node_modules${sep}`)
  const inOurs = within(path, PACKAGE_ROOT)
  const inProject = within(path, root)
  const isOurs = inOurs !== undefined && !inOurs.startsWith(`node_modules${sep}`)
  const isProjects = inProject !== undefined && !inProject.startsWith(`node_modules${sep}`)
  if (isProjects) return slashes(inProject)
  if (isOurs) return slashes(join(OURS, inOurs))
  return slashes(inPackage === -1 ? (path.split(sep).at(-1) ?? path) : path.slice(inPackage + 1))
}

const isOfPackage = (name: string): boolean => name.startsWith('node_modules/')

function within(path: string, root: string): string | undefined {
  const found = relative(resolve(root), path)
  return found.startsWith('..') || isAbsolute(found) ? undefined : found
}

/** Modules that our plugins make, such as `builtin:fs`. */
const isVirtual = (source: string): boolean => /^\w\w+:/.test(source)

const slashes = (path: string): string => path.split(sep).join('/')
