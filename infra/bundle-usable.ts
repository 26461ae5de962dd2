import { join, relative, resolve } from 'node:path'
import { build } from 'esbuild'
import { type Bundles, bundleFunctions, bundlingOf } from './bundle-functions.ts'
import type { Catalogue } from './catalogue.ts'
import type { Source, Usable } from './load-catalogue.ts'
import { PACKAGE_ROOT } from './package-root.ts'
import { compilesNot } from './reload/compiles-not.ts'
import { rootOf } from './reload/describe-sources.ts'
import { problemsOfBuild } from './reload/problems-of-build.ts'

/**
 * Bundles all functions, as `bundleFunctions` does, without the agents that cannot be bundled and that `mayLack` allows to be missing.
 * Rejects with esbuild's BuildFailure for others.
 */
export async function bundleUsable(
  loaded: Usable,
  {
    folder,
    sources,
    mayLack,
  }: { folder: string; sources: readonly Source[]; mayLack: (file: string) => boolean },
): Promise<Usable & { bundles: Bundles }> {
  try {
    return { ...loaded, bundles: await bundleFunctions(loaded.catalogue, folder, sources, loaded.left) }
  } catch (error) {
    const usable = await leaveOutUnbundled(loaded, rootOf(sources), mayLack)
    // What has failed is something else.
    if (usable.left.length === loaded.left.length) throw error
    return { ...usable, bundles: await bundleFunctions(usable.catalogue, folder, sources, usable.left) }
  }
}

/**
 * Leaves out the agents that can be loaded but not bundled, as with a package or an asset that is imported only when it is needed, and is not
 * there. Only those are tried that `mayLack` allows to be missing.
 */
export async function leaveOutUnbundled(
  { catalogue, left }: Usable,
  root: string,
  mayLack: (file: string) => boolean,
): Promise<Usable> {
  const tried = catalogue.agents.filter(({ entry }) => mayLack(entry))
  const failed = await Promise.all(
    tried.map(async ({ entry, manifest: { id } }) => {
      // The first is quicker, and includes what a bundle would not need.
      const scanned = await compilesNot(entry, root)
      const problems = scanned.length > 0 ? scanned : await bundlesNot(catalogue, id, root)
      return problems.length === 0 ? [] : [{ file: entry, problem: problems.join('\n') }]
    }),
  )
  const without = failed.flat()
  const agents = catalogue.agents.filter(({ entry }) => !without.some(({ file }) => file === entry))
  return { catalogue: { ...catalogue, agents }, left: [...left, ...without] }
}

/** Why an agent cannot be bundled: lines with file, line and column; none if it can. */
async function bundlesNot(catalogue: Catalogue, id: string, root: string): Promise<string[]> {
  const all = bundlingOf(catalogue, join(root, 'bundles'))
  const entryPoints = all.entryPoints.filter(({ out }) => out === `agent-${id}/index`)
  const bundling = build({ ...all, entryPoints, write: false, logLevel: 'silent' })
  return bundling.then(
    () => [],
    (error) => problemsOfBuild(error, (file) => relative(root, resolve(PACKAGE_ROOT, file))),
  )
}
