import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Outputs } from '../../shared/ports/index.ts'
import { startStores } from '../support/stores/start-stores.ts'

let outputs: Outputs
let stop: () => Promise<void>

beforeAll(async () => {
  const stores = await startStores()
  outputs = stores.ports.outputs
  stop = stores.stop
})
afterAll(() => stop())

describe('outputs', () => {
  it('finds the latest output under a key, and none under another', async () => {
    const kept = {
      output: { inline: '1' },
      from: { taskId: 't_1', path: 's' },
      madeAt: '2026-01-01T00:00:00.000Z',
      until: '2027-01-01T00:00:00.000Z',
    }
    await outputs.keepOutput('k', kept)
    await outputs.keepOutput('k', { ...kept, output: { inline: '2' } })
    expect(await outputs.findOutput('k')).toEqual({ ...kept, output: { inline: '2' } })
    expect(await outputs.findOutput('other')).toBeUndefined()
  })
})
