import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { type BuildOptions, build, version as esbuildVersion, type Plugin } from 'esbuild'
import { FUNCTIONS } from '../functions/catalogue.ts'
import { agentEntry } from './agent-entry.ts'
import { writeNeeds } from './agent-providers.ts'
import { moduleOf } from './agent-with-ports.ts'
import { builtinsByRequire } from './builtins-by-require.ts'
import { BundleCache } from './bundle-cache/bundle-cache.ts'
import { isInPackage } from './bundle-cache/probes.ts'
import { bundleExpressions, layExpressions } from './bundle-expressions.ts'
import type { Catalogue, LeftOut } from './catalogue.ts'
import { debuggable, isDebuggable } from './debuggable.ts'
import { BUILT_IN, type Source } from './load-catalogue.ts'
import { PACKAGE_ROOT, sourceOf } from './package-root.ts'
import { describeSources, rootOf } from './reload/describe-sources.ts'
import { placeSources } from './source-maps.ts'
import { trimPackages } from './trim-packages.ts'

/** Digests of the sources, in the folder of the bundles; live reload compares with them. */
export const SOURCES_FILE = 'sources.json'
/** Beside it: the files of packages, and those outside the project, in the bundles, where all are known. `orchestrator dev` decides by them whether to synthesize again. */
const PACKAGE_FILES = 'package-files.json'

/** One folder per function, with its handler in `index.mjs`. */
export type Bundles = { folderOf(name: string): string; catalogueDigest: string }

/** Defines `require`, which ES modules lack, for dependencies that are CommonJS. */
const REQUIRE_BANNER =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);"

/** The esbuild options of every function. */
export const BUNDLING = {
  absWorkingDir: PACKAGE_ROOT,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  conditions: ['node', 'import', 'module'],
  banner: { js: REQUIRE_BANNER },
  plugins: [builtinsByRequire, trimPackages],
  // No function can forget how its stacks are told, nor where users' expressions are evaluated.
  inject: [sourceOf('functions/telemetry/map-stacks'), sourceOf('functions/expressions/use-isolate')],
  // Beside the bundle, without the text of the sources.
  sourcemap: 'linked',
  sourcesContent: false,
  // Stacks name functions, and errors their classes: `this.name = this.constructor.name`.
  keepNames: true,
  logLevel: 'warning',
  legalComments: 'none',
} satisfies BuildOptions

/**
 * Bundles all functions into `bundles` within a folder (the assembly's), in one esbuild call, which is ten times faster
 * than one call each.
 */
export async function bundleFunctions(
  catalogue: Catalogue,
  folder: string,
  sources: readonly Source[] = [BUILT_IN],
  left: readonly LeftOut[] = [],
): Promise<Bundles> {
  const out = join(folder, 'bundles')
  await rm(out, { recursive: true, force: true })
  const expressions = join(folder, 'expressions')
  // Before they are bundled: what is saved meanwhile is a change.
  const all = [
    describeSources(catalogue, sources, left),
    buildOrReuse(catalogue, out, rootOf(sources)),
    bundleExpressions(expressions),
  ] as const
  // After an error none writes on while a caller tries again.
  await Promise.allSettled(all)
  const [described, inFunctions, inExpressions] = await Promise.all(all)
  const names = [...Object.keys(FUNCTIONS), ...catalogue.agents.map(({ manifest }) => `agent-${manifest.id}`)]
  await layExpressions(
    expressions,
    names.map((name) => join(out, name)),
  )
  const { text, digest } = registeredOf(catalogue)
  await mkdir(join(out, 'register'), { recursive: true })
  await writeFile(join(out, 'register', 'catalogue.json'), text)
  await writeFile(join(out, SOURCES_FILE), JSON.stringify(described))
  await writeNeeds(out, catalogue)
  if (inFunctions) {
    const files = [...new Set([...inFunctions, ...inExpressions])].sort()
    await writeFile(join(out, PACKAGE_FILES), JSON.stringify(files))
  }
  return { folderOf: (name) => join(out, name), catalogueDigest: digest }
}

/** Writes all bundles; those that the cache has are not built. Returns the files of packages, and those outside the project, in them, where all are known. */
async function buildOrReuse(catalogue: Catalogue, out: string, root: string): Promise<string[] | undefined> {
  const all = bundlingOf(catalogue, out)
  const folder = process.env.ORCHESTRATOR_BUNDLE_CACHE
  // The source maps of debuggable bundles hold absolute paths.
  if (folder === undefined || isDebuggable()) {
    await build(debuggable(all))
    await placeSources(
      out,
      root,
      all.entryPoints.map((entry) => dirname(entry.out)),
    )
    return undefined
  }
  const cache = new BundleCache(folder, PACKAGE_ROOT)
  const missing = await Array.fromAsync(all.entryPoints, async (entry) => {
    const bundle = await cache.find(dirname(entry.out), howOf(entry, catalogue, root))
    if (bundle === undefined) return [entry]
    await mkdir(join(out, dirname(entry.out)), { recursive: true })
    await layBundle(join(out, `${entry.out}.mjs`), bundle)
    return []
  })
  const startedAt = Date.now()
  const { metafile } = await build({ ...all, entryPoints: missing.flat(), metafile: true })
  await placeSources(
    out,
    root,
    missing.flat().map((entry) => dirname(entry.out)),
  )
  await Promise.all(
    missing.flat().map(async (entry) => {
      const bundle = await bundleAt(join(out, `${entry.out}.mjs`))
      const from = [entry.in, ...BUNDLING.inject]
      await cache.keep(dirname(entry.out), howOf(entry, catalogue, root), bundle, {
        metafile,
        from,
        startedAt,
      })
    }),
  )
  // What lies in the project is compared by its content anyway.
  const own = resolve(root) + sep
  return cache.farFiles?.filter((file) => isInPackage(file) || !file.startsWith(own))
}

/** A bundle and its source map in one, as the cache keeps them: the bundle's length in the first line. */
async function bundleAt(file: string): Promise<Buffer> {
  const [bundle, map] = await Promise.all([readFile(file), readFile(`${file}.map`)])
  return Buffer.concat([Buffer.from(`${bundle.length}\n`), bundle, map])
}

async function layBundle(file: string, both: Buffer): Promise<void> {
  const head = both.indexOf('\n') + 1
  const end = head + Number(both.subarray(0, head))
  await Promise.all([writeFile(file, both.subarray(head, end)), writeFile(`${file}.map`, both.subarray(end))])
}

/** What decides about a bundle besides the files that it is made from: how it is built, and from which module. */
function howOf(entry: { in: string; out: string }, { agents }: Catalogue, root: string): string {
  const { absWorkingDir: _root, ...options } = BUNDLING
  const agent = agents.find(({ manifest }) => entry.in === `agent:${manifest.id}`)
  const from = agent === undefined ? entry.in : [relative(PACKAGE_ROOT, moduleOf(agent)), agent.providers]
  // The plugins, and what is made of source maps, which name files from the project's root.
  const texts = [
    import.meta.filename,
    ...['infra/agent-entry', 'infra/trim-packages', 'infra/source-maps', 'shared/domain/source-mappings'].map(
      (path) => join(PACKAGE_ROOT, sourceOf(path)),
    ),
  ].map((file) => readFileSync(file, 'utf8'))
  return JSON.stringify([esbuildVersion, process.version, options, from, relative(PACKAGE_ROOT, root), texts])
}

/**
 * Bundles some agents of a catalogue, as `bundleFunctions` bundles all; `expressions` is the folder where it has bundled those, `root` the
 * project's.
 */
export async function bundleAgents(
  catalogue: Catalogue,
  ids: readonly string[],
  { out, expressions, root }: { out: string; expressions: string; root: string },
): Promise<void> {
  const names = ids.map((id) => `agent-${id}`)
  const all = bundlingOf(catalogue, out)
  const entryPoints = all.entryPoints.filter((entry) => names.includes(entry.out.replace(/\/index$/, '')))
  await build(debuggable({ ...all, entryPoints, logLevel: 'silent' }))
  await placeSources(out, root, names)
  await layExpressions(
    expressions,
    names.map((name) => join(out, name)),
  )
}

/** The content of the file beside the bundle of `register`: the records for the registry. */
export function registeredOf(catalogue: Catalogue): { text: string; digest: string } {
  const text = JSON.stringify({
    agents: catalogue.agents.map(({ manifest }) => manifest),
    workflows: catalogue.workflows.map(({ workflow, compiled }) => ({
      workflow,
      gates: compiled.gates,
      suspending: compiled.suspending,
      parts: compiled.parts.length,
    })),
  })
  return { text, digest: createHash('sha256').update(text).digest('hex').slice(0, 16) }
}

/** The esbuild options for all functions of a catalogue, each in its own folder. */
export function bundlingOf(catalogue: Catalogue, outdir: string) {
  return {
    ...BUNDLING,
    entryPoints: [
      ...Object.entries(FUNCTIONS).map(([name, { entry }]) => ({
        in: sourceOf(entry),
        out: `${name}/index`,
      })),
      ...catalogue.agents.map(({ manifest }) => ({
        in: `agent:${manifest.id}`,
        out: `agent-${manifest.id}/index`,
      })),
    ],
    plugins: [agentEntries(catalogue), ...BUNDLING.plugins],
    outdir,
    outExtension: { '.js': '.mjs' },
  } satisfies BuildOptions
}

/** Generates the entry point of each agent. */
function agentEntries({ agents }: Catalogue): Plugin {
  return {
    name: 'agent-entries',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^agent:/ }, ({ path }) => ({
        path: path.slice('agent:'.length),
        namespace: 'agent',
      }))
      onLoad({ filter: /.*/, namespace: 'agent' }, ({ path: id }) => {
        const agent = agents.find(({ manifest }) => manifest.id === id)
        return agent && { contents: agentEntry(agent), resolveDir: PACKAGE_ROOT, loader: 'ts' }
      })
    },
  }
}
