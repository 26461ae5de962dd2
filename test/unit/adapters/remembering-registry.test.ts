import { describe, expect, it } from 'vitest'
import { rememberingRegistry } from '../../../functions/adapters/dynamodb/registry/remembering-registry.ts'
import type { Registry } from '../../../shared/ports/index.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'

function counted() {
  let [now, reads, failing] = [0, 0, false]
  const agents = [makeAgent()]
  const registry = {
    listAgents: async () => {
      reads += 1
      if (failing) throw new Error('out of reach')
      return [...agents]
    },
    putAgent: async (agent) => void agents.push(agent),
  } as Partial<Registry> as Registry
  const remembering = rememberingRegistry(registry, { now: () => new Date(now) })
  return {
    remembering,
    reads: () => reads,
    wait: (milliseconds: number) => {
      now += milliseconds
    },
    fail: (fails: boolean) => {
      failing = fails
    },
  }
}

describe('a registry that remembers', () => {
  it('reads a list once a second, however many ask, and at once when it must be fresh', async () => {
    const { remembering, reads, wait } = counted()
    await Promise.all([remembering.listAgents(), remembering.listAgents()])
    wait(999)
    await remembering.listAgents()
    expect(reads()).toBe(1)
    wait(1)
    await remembering.listAgents()
    expect(reads()).toBe(2)
    await remembering.listAgents({ fresh: true })
    expect(reads()).toBe(3)
  })

  it('sees what it writes itself, and gives each a list of its own', async () => {
    const { remembering } = counted()
    const list = await remembering.listAgents()
    list.pop()
    await remembering.putAgent(makeAgent({ id: 'another' }))
    expect((await remembering.listAgents()).map(({ id }) => id)).toEqual(['worker', 'another'])
  })

  it('does not remember a failure', async () => {
    const { remembering, fail } = counted()
    fail(true)
    await expect(remembering.listAgents()).rejects.toThrow('out of reach')
    fail(false)
    expect(await remembering.listAgents()).toHaveLength(1)
  })
})
