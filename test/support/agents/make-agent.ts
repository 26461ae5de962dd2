import type * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'
import type { Agent, AgentManifest } from '../../../shared/domain/agent.ts'

type Facts = Partial<Omit<Agent, 'capabilities'>> & { capability?: string }

export function makeAgent({ capability = 'work.do', ...facts }: Facts = {}): Agent {
  const id = facts.id ?? 'worker'
  return {
    id,
    version: '1.0.0',
    description: 'for tests',
    capabilities: [{ name: capability, description: '', inputSchema: {}, outputSchema: {} }],
    limits: { timeoutSeconds: 60, memoryMb: 512 },
    price: { perCallUsd: 0 },
    tags: [],
    status: 'active',
    functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${id}`,
    origin: 'deployment',
    registeredAt: '2026-01-01T00:00:00.000Z',
    ...facts,
  }
}

/** What an agent declares, as a deployment brings it: without what the registry adds. */
export function makeManifest(facts: Facts = {}): AgentManifest {
  const { status: _s, functionArn: _f, origin: _o, registeredAt: _r, ...manifest } = makeAgent(facts)
  return manifest
}

/** What an agent declares that offers one capability of these types. */
export const typedManifest = (
  id: string,
  capability: string,
  { input, output }: { input: z.ZodType; output: z.ZodType },
): AgentManifest =>
  defineAgent({
    id,
    version: '1.0.0',
    description: id,
    capabilities: { [capability]: { description: capability, input, output } },
    execute: async () => ({}),
  }).manifest
