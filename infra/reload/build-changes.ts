/**
 * One build for `orchestrator dev`, in a process of its own: modules that were loaded once are loaded anew, and an agent that does
 * not end at its first line holds up nothing. It is started ahead, says `ready`, builds when it is told to, answers, and ends.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { transform } from 'esbuild'
import { bundleAgents, registeredOf, SOURCES_FILE } from '../bundle-functions.ts'
import { CatalogueError, entriesIn, loadCatalogue } from '../load-catalogue.ts'
import { describeSources, rootOf, type Sources, scanAgents } from './describe-sources.ts'
import { NotLive } from './not-live.ts'
import { patchAssembly } from './patch-assembly.ts'
import { problemsOfBuild } from './problems-of-build.ts'

/** `base` is what was synthesized, `folder` where the assembly goes that says what has changed since. */
type Order = { base: string; folder: string }
type Answer =
  | { kind: 'built'; sources: Sources }
  /** What is wrong with files that people write. */
  | { kind: 'refused'; problems: string[] }
  | { kind: 'restart'; reason: string }

// The first call starts esbuild's own process.
await transform('')
process.once('message', async (order: Order) => {
  process.send?.(await answerTo(order), () => process.exit(0))
})
process.once('disconnect', () => process.exit(0))
process.send?.({ kind: 'ready' })

async function answerTo({ base, folder }: Order): Promise<Answer> {
  try {
    return await buildChanges(base, folder)
  } catch (error) {
    if (error instanceof CatalogueError) return { kind: 'refused', problems: error.message.split('\n') }
    if (error instanceof NotLive) return { kind: 'restart', reason: error.message }
    return { kind: 'refused', problems: problemsOfBuild(error) }
  }
}

async function buildChanges(base: string, folder: string): Promise<Answer> {
  const before = JSON.parse(await readFile(join(base, 'bundles', SOURCES_FILE), 'utf8')) as Sources
  const { from } = before
  // Read by esbuild first: it says where in a file something is wrong.
  const entries = await Promise.all(from.map(entriesIn))
  await scanAgents(entries.flat(), rootOf(from))
  const catalogue = await loadCatalogue(from)
  const sources = await describeSources(catalogue, from)
  const changed = Object.keys(sources.agents).filter((id) => sources.agents[id] !== before.agents[id])
  const place = (id: string): string => join(base, 'reload', `${id}-${sources.agents[id]}`)
  const unbuilt = changed.filter((id) => !existsSync(place(id)))
  const out = join(folder, 'bundles')
  await bundleAgents(catalogue, unbuilt, { out, expressions: join(base, 'expressions') })
  await mkdir(join(base, 'reload'), { recursive: true })
  for (const id of unbuilt) await rename(join(out, `agent-${id}`), place(id))
  await patchAssembly(base, {
    catalogue,
    bundles: new Map(changed.map((id) => [id, place(id)])),
    registered: registeredOf(catalogue),
    folder,
  })
  return { kind: 'built', sources }
}
