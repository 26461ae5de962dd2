import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Wait, Waits } from '../../shared/ports/index.ts'
import { openTask } from '../support/stores/open-task.ts'
import { startStores } from '../support/stores/start-stores.ts'

let waits: Waits
let stop: () => Promise<void>

beforeAll(async () => {
  const stores = await startStores()
  waits = stores.ports.waits
  stop = stores.stop
})
afterAll(() => stop())

const SINCE = '2026-01-01T00:00:00.000Z'
const LATER = '2026-01-01T00:00:01.000Z'
const waitOf = (taskId: string, more: Partial<Wait> = {}): Wait => ({
  taskId,
  path: 'a',
  tenant: 'default',
  execution: 1,
  kind: 'approval',
  since: SINCE,
  until: '2026-01-02T00:00:00.000Z',
  ...more,
})

describe('waits', () => {
  it('are cleared with those of earlier executions; those of a later one stay (retry/Q2)', async () => {
    const { id } = openTask()
    await waits.addWait(waitOf(id))
    await waits.addWait(waitOf(id, { path: 'b', execution: 2 }))
    await waits.addWait(waitOf(id, { path: 'c', execution: 3 }))
    await waits.clearWaits(id, 1)
    expect(await waits.hasWaits(id)).toBe(true)
    await waits.removeWait({ taskId: id, path: 'c' })
    expect(await waits.hasWaits(id)).toBe(true)
    await waits.clearWaits(id, 2)
    expect(await waits.hasWaits(id)).toBe(false)
    await waits.clearWaits(id, 2)
  })

  it('are removed only if they began at the given time, if one is given; removing twice changes nothing', async () => {
    const { id } = openTask()
    await waits.addWait(waitOf(id, { since: LATER }))
    await waits.removeWait({ taskId: id, path: 'a', since: SINCE })
    expect(await waits.hasWaits(id)).toBe(true)
    for (let times = 0; times < 2; times++) await waits.removeWait({ taskId: id, path: 'a', since: LATER })
    expect(await waits.hasWaits(id)).toBe(false)
  })

  it('are found inside an item or a loop, and not beside it', async () => {
    const { id } = openTask()
    const inside = ['each[1].a', 'each[1].improve[2].b']
    for (const path of [...inside, 'each[11].a', 'each', 'each[1]']) await waits.addWait(waitOf(id, { path }))
    expect(await waits.findWaitsInside(id, 'each[1]')).toEqual(inside)
    expect(await waits.findWaitsInside(id, 'each[1].improve')).toEqual(['each[1].improve[2].b'])
  })
})
