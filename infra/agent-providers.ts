import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { type AgentManifest, needsModels } from '../shared/domain/agent.ts'
import { canonicalJson } from '../shared/domain/json.ts'
import { type ModelSettings, ModelSettingsSchema } from '../shared/domain/model-settings.ts'
import type { Catalogue } from './catalogue.ts'
import { NotLive } from './reload/not-live.ts'
import { modelsFor } from './stage-models.ts'

export type Provider = ModelSettings['provider']
type Models = Readonly<Record<string, ModelSettings>>

/** Beside the bundles: what each agent needs, and the providers of models in its bundle; live reload compares with it. */
const FILE = 'needs.json'
const RecordSchema = z.record(
  z.string(),
  z.object({ needs: z.string(), providers: z.array(ModelSettingsSchema.shape.provider).optional() }),
)
type Recorded = z.infer<typeof RecordSchema>

/** The catalogue whose agents know the providers of the models that they may call: their bundles have the adapters of these, and no others. */
export const withProviders = (catalogue: Catalogue, models: Models): Catalogue => ({
  ...catalogue,
  agents: catalogue.agents.map((agent) =>
    needsModels(agent.manifest) ? { ...agent, providers: providersFor(agent.manifest, models) } : agent,
  ),
})

function providersFor(manifest: AgentManifest, models: Models): Provider[] {
  const all = Object.values(modelsFor(manifest, models)).map(({ provider }) => provider)
  return [...new Set(all)].sort()
}

/**
 * The models that bundles are made for on a person's machine: `orchestrator dev` may find a server there and take it as `default`, which must
 * not need another bundle.
 */
export const modelsOnThisMachine = (models: Models): Models => ({
  default: { provider: 'openai-compatible', id: 'any', structured: 'tool', contextTokens: 1_000 },
  ...models,
})

export async function writeNeeds(folder: string, { agents }: Catalogue): Promise<void> {
  const recorded = agents.map(({ manifest, providers }) => [
    manifest.id,
    { needs: keyOf(manifest), providers },
  ])
  await writeFile(join(folder, FILE), JSON.stringify(Object.fromEntries(recorded)))
}

export async function readNeeds(folder: string): Promise<Recorded> {
  const text = await readFile(join(folder, FILE), 'utf8').catch(() => '{}')
  return RecordSchema.parse(JSON.parse(text))
}

/**
 * The catalogue with the providers in the bundles of its agents, for a reload, by what a synthesis has recorded. A new agent gets the grants and
 * settings of one that needs the same. Throws NotLive where none does, and where the needs of a deployed agent have changed.
 */
export function withRecordedProviders(catalogue: Catalogue, recorded: Recorded): Catalogue {
  const agents = catalogue.agents.map((agent) => {
    const { id } = agent.manifest
    const own = recorded[id]
    if (own && !hasSameNeeds(recorded, id, agent.manifest))
      throw new NotLive(`agent ${id}: what it needs has changed, and with it its grants`)
    const same = own ?? Object.values(recorded).find(({ needs }) => needs === keyOf(agent.manifest))
    if (!same && agent.manifest.needs)
      throw new NotLive(`agent ${id}: no other agent needs the same, so that there are no grants for it`)
    return same?.providers ? { ...agent, providers: same.providers } : agent
  })
  return { ...catalogue, agents }
}

/** Whether a deployed agent has the grants that another one needs. */
export const hasSameNeeds = (recorded: Recorded, deployedId: string, manifest: AgentManifest): boolean =>
  (recorded[deployedId]?.needs ?? NOTHING) === keyOf(manifest)

/** What an agent needs, as text that is equal for equal needs. */
function keyOf({ needs }: Pick<AgentManifest, 'needs'>): string {
  return needs === undefined ? NOTHING : canonicalJson({ ...needs, models: needs.models.toSorted() })
}

const NOTHING = canonicalJson({})
