/**
 * Runs one build for `orchestrator dev`, in a process of its own: Node.js caches modules for the life of a process, so
 * each build needs a new one, and an agent whose module blocks delays nothing else. The process is started ahead,
 * builds on order, answers, and exits.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { transform } from 'esbuild'
import { hasSameNeeds, readNeeds, withRecordedProviders } from '../agent-providers.ts'
import { bundleAgents, registeredOf, SOURCES_FILE } from '../bundle-functions.ts'
import { leaveOutUnbundled } from '../bundle-usable.ts'
import { CatalogueError, entriesIn, loadUsable } from '../load-catalogue.ts'
import { unservedIn } from '../unserved.ts'
import { describeSources, rootOf, type Sources } from './describe-sources.ts'
import { NotLive } from './not-live.ts'
import { patchAssembly } from './patch-assembly.ts'
import { problemsOfBuild } from './problems-of-build.ts'
import { type Scanned, scanAgents } from './scan-agents.ts'

/** `base` is the synthesized assembly, `folder` the target for the assembly with the changes; `left`
 * are files that are not in service and need not be usable. The answer repeats the nonce. */
type Order = { base: string; folder: string; left: readonly string[]; nonce: string }
type Answer =
  | { kind: 'built'; sources: Sources; warnings: string[]; left: string[] }
  /** Problems in users' files. */
  | { kind: 'refused'; problems: string[] }
  | { kind: 'restart'; reason: string }
  /** A file was saved while it was read: modules are loaded once, so only another build has all of it. */
  | { kind: 'outdated' }

// Warm-up: the first call starts esbuild's own process.
await transform('')
// Saved before any agent's module is loaded, because it could replace `process.send`.
const send = process.send?.bind(process)
process.once('message', async (order: Order) => {
  const answer = await answerTo(order)
  send?.({ nonce: order.nonce, answer }, () => process.exit(0))
})
process.once('disconnect', () => process.exit(0))

async function answerTo({ base, folder, left }: Order): Promise<Answer> {
  try {
    return await buildChanges(base, folder, left)
  } catch (error) {
    if (error instanceof CatalogueError) return { kind: 'refused', problems: error.message.split('\n') }
    if (error instanceof NotLive) return { kind: 'restart', reason: error.message }
    return { kind: 'refused', problems: problemsOfBuild(error) }
  }
}

async function buildChanges(base: string, folder: string, mayLack: readonly string[]): Promise<Answer> {
  const before = JSON.parse(await readFile(join(base, 'bundles', SOURCES_FILE), 'utf8')) as Sources
  const { from } = before
  const isLackable = (file: string): boolean => mayLack.includes(file)
  // esbuild reads them first, because its errors have the place in the file.
  const entries = (await Promise.all(from.map(entriesIn))).flat()
  const scan = (): Promise<Scanned['digests']> => digestsOf(entries, isLackable, rootOf(from))
  const first = await scan()
  const loaded = await loadUsable(from, isLackable)
  const recorded = await readNeeds(join(base, 'bundles'))
  const known = withRecordedProviders(loaded.catalogue, recorded)
  const usable = { ...loaded, catalogue: known }
  const { catalogue, left } = await leaveOutUnbundled(usable, rootOf(from), isLackable)
  const sources = await describeSources(catalogue, from, left)
  const changed = Object.keys(sources.agents).filter((id) => sources.agents[id] !== before.agents[id])
  const place = (id: string): string => join(base, 'reload', `${id}-${sources.agents[id]}`)
  const unbuilt = changed.filter((id) => !existsSync(place(id)))
  const out = join(folder, 'bundles')
  await bundleAgents(catalogue, unbuilt, { out, expressions: join(base, 'expressions'), root: rootOf(from) })
  const last = await scan()
  const isSame = catalogue.agents.every(({ manifest: { id }, entry }) =>
    [first, last].every((digests) => digests.get(resolve(entry)) === sources.agents[id]),
  )
  // The file changed during the build: its bundle must not be stored under the old digest.
  if (!isSame) return { kind: 'outdated' }
  await mkdir(join(base, 'reload'), { recursive: true })
  for (const id of unbuilt) await rename(join(out, `agent-${id}`), place(id))
  await patchAssembly(base, {
    catalogue,
    bundles: new Map(changed.map((id) => [id, place(id)])),
    registered: registeredOf(catalogue),
    hasSameNeeds: (id, manifest) => hasSameNeeds(recorded, id, manifest),
    folder,
  })
  return {
    kind: 'built',
    sources,
    warnings: unservedIn(catalogue),
    left: left.flatMap(({ problem }) => problem.split('\n')),
  }
}

/** The digest of each agent; those that may be missing have none as long as they do not compile. */
async function digestsOf(
  entries: readonly string[],
  isLackable: (file: string) => boolean,
  root: string,
): Promise<Scanned['digests']> {
  const needed = scanAgents(
    entries.filter((entry) => !isLackable(entry)),
    root,
  )
  const others = entries
    .filter(isLackable)
    .map((entry) => scanAgents([entry], root).catch((): Pick<Scanned, 'digests'> => ({ digests: new Map() })))
  const scanned = await Promise.all([needed, ...others])
  return new Map(scanned.flatMap(({ digests }) => [...digests]))
}
