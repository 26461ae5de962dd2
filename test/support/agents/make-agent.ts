import type { Agent } from '../../../shared/domain/agent.ts'

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
