import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { agentEntry } from '../../../infra/agent-entry.ts'
import {
  hasSameNeeds,
  modelsOnThisMachine,
  readNeeds,
  withProviders,
  withRecordedProviders,
  writeNeeds,
} from '../../../infra/agent-providers.ts'
import type { Catalogue } from '../../../infra/catalogue.ts'
import { ModelsSchema } from '../../../shared/domain/model-settings.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'

const folder = await mkdtemp(join(tmpdir(), 'agent-providers-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const MODELS = ModelsSchema.parse({
  cloud: { provider: 'bedrock', id: 'x', contextTokens: 8_000, fallback: 'own' },
  own: { provider: 'openai-compatible', id: 'x', url: 'http://localhost:1/v1', contextTokens: 8_000 },
  other: { provider: 'bedrock', id: 'x', contextTokens: 8_000 },
})
const catalogueOf = (agents: Record<string, string[] | undefined>): Catalogue => ({
  agents: Object.entries(agents).map(([id, models]) => ({
    manifest: makeAgent({ id, ...(models ? { needs: { models } } : {}) }),
    entry: `/agents/${id}/index.ts`,
  })),
  workflows: [],
})
const providersOf = ({ agents }: Catalogue) =>
  Object.fromEntries(agents.map(({ manifest, providers }) => [manifest.id, providers]))

describe('the providers in the bundle of an agent', () => {
  it('are those of its models and their fallbacks', () => {
    const catalogue = catalogueOf({ none: undefined, one: ['other'], both: ['cloud'], unknown: ['default'] })
    expect(providersOf(withProviders(catalogue, MODELS))).toEqual({
      none: undefined,
      one: ['bedrock'],
      both: ['bedrock', 'openai-compatible'],
      unknown: [],
    })
  })

  it('have a server that a machine may run, where the stage has no default', () => {
    const catalogue = catalogueOf({ one: ['default'] })
    expect(providersOf(withProviders(catalogue, modelsOnThisMachine(MODELS)))).toEqual({
      one: ['openai-compatible'],
    })
    const own = modelsOnThisMachine({ default: { ...MODELS.other, id: 'y' } as (typeof MODELS)[string] })
    expect(providersOf(withProviders(catalogue, own))).toEqual({ one: ['bedrock'] })
  })

  it('are what its entry point imports, and nothing that calls models is in that of another', () => {
    const [none, one] = withProviders(catalogueOf({ none: undefined, one: ['other'] }), MODELS).agents
    const entries = [none, one].map((agent) => agent && agentEntry(agent))
    expect(entries[0]).not.toMatch(/models|bedrock|openai/)
    expect(entries[1]).toMatch(/import \* as adapter from ".*adapters.models.bedrock/)
    expect(entries[1]).toContain('"bedrock": async () => adapter')
    expect(entries[1]).not.toContain('openai')
  })
})

describe('a reload', () => {
  const deployed = withProviders(catalogueOf({ none: undefined, one: ['other', 'own'] }), MODELS)
  const names = ['none', 'one']

  it('gives an agent the providers of the synthesis, and a new one those of an agent with the same needs', async () => {
    await writeNeeds(folder, deployed)
    const recorded = await readNeeds(folder)
    const next = catalogueOf({
      none: undefined,
      one: ['own', 'other'],
      newer: ['other', 'own'],
      plain: undefined,
    })
    expect(providersOf(withRecordedProviders(next, recorded))).toEqual({
      none: undefined,
      one: ['bedrock', 'openai-compatible'],
      newer: ['bedrock', 'openai-compatible'],
      plain: undefined,
    })
    const { agents } = next
    const alike = agents.map(({ manifest }) => names.filter((id) => hasSameNeeds(recorded, id, manifest)))
    expect(alike).toEqual([['none'], ['one'], ['one'], ['none']])
  })

  it.each([
    [{ none: ['own'] }, 'agent none: what it needs has changed, and with it its grants'],
    [{ one: ['own'] }, 'agent one: what it needs has changed'],
    [{ one: undefined }, 'agent one: what it needs has changed'],
    [{ newer: ['own'] }, 'agent newer: no other agent needs the same'],
  ])('of %j needs a synthesis', async (agents, message) => {
    const recorded = await readNeeds(folder)
    expect(() => withRecordedProviders(catalogueOf(agents), recorded)).toThrow(message)
  })

  it('of an assembly in which no agent needs models knows none', async () => {
    expect(await readNeeds(join(folder, 'missing'))).toEqual({})
  })
})
