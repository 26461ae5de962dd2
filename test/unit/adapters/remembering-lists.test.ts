import { describe, expect, it } from 'vitest'
import { rememberingAgents } from '../../../functions/adapters/dynamodb/registry/remembering-lists.ts'
import type { Agents } from '../../../shared/ports/index.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'

function counted() {
  let [now, reads, failing] = [0, 0, false]
  const all = [makeAgent()]
  const kept: Agents = {
    listAgents: async () => {
      reads += 1
      if (failing) throw new Error('out of reach')
      return [...all]
    },
    putAgent: async (agent) => void all.push(agent),
    findAgent: async (id) => all.find((agent) => agent.id === id),
  }
  const agents = rememberingAgents(kept, { now: () => new Date(now) })
  return {
    agents,
    reads: () => reads,
    wait: (milliseconds: number) => {
      now += milliseconds
    },
    fail: (fails: boolean) => {
      failing = fails
    },
  }
}

describe('a cached list of agents', () => {
  it('is read at most once a second, and at once if it must be fresh', async () => {
    const { agents, reads, wait } = counted()
    await Promise.all([agents.listAgents(), agents.listAgents()])
    wait(999)
    await agents.listAgents()
    expect(reads()).toBe(1)
    wait(1)
    await agents.listAgents()
    expect(reads()).toBe(2)
    await agents.listAgents({ fresh: true })
    expect(reads()).toBe(3)
  })

  it('contains its worker’s own writes, and is copied for each caller', async () => {
    const { agents } = counted()
    const list = await agents.listAgents()
    list.pop()
    await agents.putAgent(makeAgent({ id: 'another' }))
    expect((await agents.listAgents()).map(({ id }) => id)).toEqual(['worker', 'another'])
  })

  it('is not replaced by a failure', async () => {
    const { agents, fail } = counted()
    fail(true)
    await expect(agents.listAgents()).rejects.toThrow('out of reach')
    fail(false)
    expect(await agents.listAgents()).toHaveLength(1)
  })
})
