import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { agentEntry } from '../../infra/agent-entry.ts'
import type { Provider } from '../../infra/agent-providers.ts'
import { BUNDLING } from '../../infra/bundle-functions.ts'
import { importTime } from '../bundles/import-time.ts'
import { type Figure, figureOf } from './figure.ts'
import agent from './plain-agent.ts'

/** In KB: what the adapter of a provider may add. */
const MOST_KB = { bedrock: 60, 'openai-compatible': 320 } as const
const ENTRY = join(import.meta.dirname, 'plain-agent.ts')

/** What language models add to the bundle of an agent: bytes, and the time to import it. */
export async function measureBundles(runs: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-models-'))
  try {
    const bundle = async (name: string, providers?: readonly Provider[]) => {
      const file = join(folder, name, 'index.mjs')
      const declared = providers ? { ...agent.manifest, needs: { models: ['default'] } } : agent.manifest
      await build({
        stdin: {
          contents: agentEntry({ manifest: declared, entry: ENTRY, providers: providers ?? [] }),
          resolveDir: BUNDLING.absWorkingDir,
          loader: 'ts',
        },
        ...BUNDLING,
        outfile: file,
      })
      return { bytes: statSync(file).size, milliseconds: importTime(file, runs) }
    }
    const empty = join(folder, 'empty.mjs')
    writeFileSync(empty, '')
    const nothing = importTime(empty, runs)
    const none = await bundle('none')
    const gate = await bundle('gate', [])
    const figures = [
      figureOf({ name: 'bundle of an agent without models', unit: 'KB' }, [none.bytes / 1_000]),
      figureOf({ name: 'its import', unit: 'ms' }, [none.milliseconds - nothing]),
      ...added('the gate, loops and transcripts add', gate, none),
    ]
    for (const provider of ['bedrock', 'openai-compatible'] as const)
      figures.push(
        ...added(
          `the adapter of ${provider} adds to that`,
          await bundle(provider, [provider]),
          gate,
          MOST_KB[provider],
        ),
      )
    return figures
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Bundle = { bytes: number; milliseconds: number }

const added = (name: string, one: Bundle, before: Bundle, mostKb?: number): Figure[] => [
  figureOf({ name, unit: 'KB', ...(mostKb === undefined ? {} : { most: mostKb }) }, [
    (one.bytes - before.bytes) / 1_000,
  ]),
  figureOf({ name: '  to its import', unit: 'ms' }, [one.milliseconds - before.milliseconds]),
]
