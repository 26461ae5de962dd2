import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Gates } from '../../shared/ports/index.ts'
import { openTask } from '../support/stores/open-task.ts'
import { startStores } from '../support/stores/start-stores.ts'

let gates: Gates
let waitAt: Awaited<ReturnType<typeof startStores>>['waitAt']
let stop: () => Promise<void>

beforeAll(async () => {
  const stores = await startStores()
  gates = stores.ports.gates
  waitAt = stores.waitAt
  stop = stores.stop
})
afterAll(() => stop())

describe('gates', () => {
  it('counts each passed step once, and returns the waiting token', async () => {
    const { id } = openTask()
    expect(await gates.passGate(id, 'g', 'a')).toEqual({ done: 1, token: undefined })
    expect(await gates.passGate(id, 'g', 'a')).toEqual({ done: 1, token: undefined })
    expect(await waitAt(id, 'g', 'token', 2)).toBe(true)
    expect(await gates.passGate(id, 'g', 'b')).toEqual({ done: 2, token: 'token' })
  })

  it('keeps gates and executions apart', async () => {
    const { id } = openTask()
    await gates.passGate(id, 'g', 'a')
    expect(await gates.passGate(id, 'h', 'b')).toMatchObject({ done: 1 })
    expect(await gates.passGate(`${id}-2`, 'g', 'b')).toMatchObject({ done: 1 })
  })
})
