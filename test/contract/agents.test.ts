import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agents } from '../../shared/ports/index.ts'
import { makeAgent } from '../support/agents/make-agent.ts'
import { startStores } from '../support/stores/start-stores.ts'

let agents: Agents
let stop: () => Promise<void>

beforeAll(async () => {
  const stores = await startStores()
  agents = stores.ports.agents
  stop = stores.stop
})
afterAll(() => stop())

describe('agents', () => {
  it('are found and listed as they were last written', async () => {
    const [a, b] = [makeAgent({ id: 'a' }), makeAgent({ id: 'b' })]
    for (const agent of [b, a]) await agents.putAgent(agent)
    await agents.putAgent({ ...b, status: 'inactive' })
    expect(await agents.findAgent('b')).toEqual({ ...b, status: 'inactive' })
    expect(await agents.listAgents()).toEqual([a, { ...b, status: 'inactive' }])
    expect(await agents.findAgent('c')).toBeUndefined()
  })
})
