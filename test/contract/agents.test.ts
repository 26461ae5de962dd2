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

  it('are listed of all tenants, or of one of them alone', async () => {
    const ids = ['plain', 'z', 'acme/plain', 'acme/z', 'acme-2/plain', 'zz/a']
    for (const id of ids) await agents.putAgent(makeAgent({ id }))
    const listed = async (of?: string) =>
      (await agents.listAgents(of === undefined ? {} : { of }))
        .map(({ id }) => id)
        .filter((id) => ids.includes(id))
    expect((await listed()).sort()).toEqual([...ids].sort())
    expect(await listed('default')).toEqual(['plain', 'z'])
    expect(await listed('acme')).toEqual(['acme/plain', 'acme/z'])
    expect(await listed('acme-2')).toEqual(['acme-2/plain'])
    expect(await listed('a')).toEqual([])
  })
})
