import { describe, expect, it } from 'vitest'
import { getAgent } from '../../../shared/app/agents/manage-agents.ts'
import { probeAgents } from '../../../shared/app/probes/probe-agents.ts'
import type { Elsewhere } from '../../../shared/domain/elsewhere/place.ts'
import { ElsewhereSettingsSchema } from '../../../shared/domain/elsewhere/settings.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'

const allowed = ElsewhereSettingsSchema.parse({
  hosts: ['agents.example.com'],
  tenants: { acme: { hosts: ['acme.example.com'] } },
})

/** A registry with agents at these addresses by id, and which of them are ill. */
async function world(places: Readonly<Record<string, string>>, ill: ReadonlySet<string> = new Set()) {
  const { ports } = hostInMemory()
  for (const [id, url] of Object.entries(places))
    await ports.agents.putAgent({ ...makeAgent({ id, origin: 'api' }), elsewhere: { kind: 'http', url } })
  const asked: string[] = []
  const elsewhere = {
    call: () => Promise.reject(new Error('no step is done')),
    ping: async (place: Elsewhere) => {
      const url = place.kind === 'http' ? place.url : place.arn
      asked.push(url)
      return ill.has(url) ? `GET ${url}/health answered 503` : undefined
    },
  }
  const probe = probeAgents({ ...ports, elsewhere, allowed, ownFunctions: 'arn:' })
  return { ports, asked, probe }
}

describe('a probe of agents elsewhere', () => {
  it('asks those that the stage allows to their tenants, and no agent of ours (probe/P2)', async () => {
    const { ports, asked, probe } = await world({
      pricing: 'https://agents.example.com/pricing',
      elsewhere: 'https://evil.example.net',
      'acme/own': 'https://acme.example.com',
      'acme/other': 'https://agents.example.com/theirs',
    })
    await ports.agents.putAgent(makeAgent({ id: 'ours' }))
    await ports.agents.putAgent({
      ...makeAgent({ id: 'gone', status: 'inactive' }),
      elsewhere: { kind: 'http', url: 'https://agents.example.com/gone' },
    })
    expect(await probe()).toEqual({ asked: 2, ill: [] })
    expect(asked.toSorted()).toEqual(['https://acme.example.com', 'https://agents.example.com/pricing'])
  })

  it('opens the breaker of one that is ill five times in a row, and keeps it open (probe/P1, breaker/K9)', async () => {
    const url = 'https://agents.example.com/pricing'
    const ill = new Set([url])
    const { ports, probe } = await world({ pricing: url, well: 'https://agents.example.com/well' }, ill)
    const breaker = async (id: string) => (await getAgent(ports)({ id }, CALLER)).now?.breaker
    for (let times = 0; times < 4; times++) await probe()
    expect(await breaker('pricing')).toBe('closed')
    expect(await probe()).toEqual({
      asked: 2,
      ill: [{ agentId: 'pricing', ill: `GET ${url}/health answered 503` }],
    })
    expect(await breaker('pricing')).toBe('open')
    expect(await breaker('well')).toBe('closed')
    ill.clear()
    await probe()
    expect(await breaker('pricing')).toBe('open')
  })
})
