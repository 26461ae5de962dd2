import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startStores } from '../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>

beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

describe('values', () => {
  it.each([
    ['a small one stands in its reference', 'x'.repeat(100), 'inline'],
    ['a large one is a blob of its task', 'x'.repeat(50_000), 'blob'],
  ])('come back as they were: %s', async (_name, value, kind) => {
    const stored = await stores.ports.values.storeValue('t_1', value)
    expect(Object.keys(stored)).toContain(kind)
    expect(await stores.ports.values.loadValue(stored)).toEqual(value)
  })

  it('an equal value of a task is the same blob', async () => {
    const store = () => stores.ports.values.storeValue('t_2', 'y'.repeat(50_000))
    expect(await store()).toEqual(await store())
    expect([...stores.recorded.blobs.keys()].filter((key) => key.startsWith('tasks/t_2/'))).toHaveLength(1)
  })
})
