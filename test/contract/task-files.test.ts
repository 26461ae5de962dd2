import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TaskFile } from '../../shared/domain/task-file.ts'
import { startStores } from '../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

const file = (taskId: string, number: number, more: Partial<TaskFile> = {}): TaskFile => ({
  id: `f_${String(number).padStart(26, '0')}`,
  taskId,
  tenant: 'default',
  name: 'a/ü "1".csv',
  bytes: 5,
  contentType: 'text/csv',
  path: 'each[3]',
  attempt: 1,
  agentId: 'writer',
  createdAt: '2026-01-01T00:00:00.000Z',
  fence: '2',
  owner: 'one',
  ...more,
})

describe('records of files', () => {
  it('come back as they were, one by one and in pages, of their task only', async () => {
    const { taskFiles } = stores.ports
    for (const number of [3, 1, 2, 5, 4]) await taskFiles.addFile(file('t_pages', number))
    await taskFiles.addFile(file('t_other', 9))
    expect(await taskFiles.findFile('t_pages', file('', 2).id)).toEqual(file('t_pages', 2))
    expect(await taskFiles.findFile('t_pages', file('', 9).id)).toBeUndefined()
    const numbers: number[][] = []
    for (let cursor: string | undefined; ; ) {
      const page = await taskFiles.listFiles('t_pages', { limit: 2, ...(cursor ? { cursor } : {}) })
      numbers.push(page.files.map(({ id }) => Number(id.slice(2))))
      cursor = page.cursor
      if (cursor === undefined) break
    }
    expect(numbers).toEqual([[1, 2], [3, 4], [5]])
    expect(await taskFiles.listFiles('t_none', { limit: 2 })).toEqual({ files: [] })
  })

  it('are counted to the most of them, also when many come at once, and not listed by that', async () => {
    const { taskFiles } = stores.ports
    const counted = await Promise.all(Array.from({ length: 10 }, () => taskFiles.countFile('t_counted', 4)))
    expect(counted.filter(Boolean)).toHaveLength(4)
    expect(await taskFiles.countFile('t_counted', 5)).toBe(true)
    expect(await taskFiles.listFiles('t_counted', { limit: 5 })).toEqual({ files: [] })
  })

  it('are taken by a later invocation, and not by a late one', async () => {
    const { taskFiles } = stores.ports
    const made = file('t_taken', 1)
    await taskFiles.addFile(made)
    await taskFiles.takeFile(made, { fence: '1', owner: 'late' })
    expect(await taskFiles.findFile('t_taken', made.id)).toEqual(made)
    await taskFiles.takeFile(made, { fence: '3', owner: 'two' })
    expect(await taskFiles.findFile('t_taken', made.id)).toEqual({ ...made, fence: '3', owner: 'two' })
    await taskFiles.takeFile(file('t_taken', 2), { fence: '3', owner: 'two' })
    expect(await taskFiles.findFile('t_taken', file('', 2).id)).toBeUndefined()
  })
})
