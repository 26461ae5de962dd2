import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OpenTask } from '../../shared/domain/task.ts'
import type { Tasks } from '../../shared/ports/index.ts'
import { openTask } from '../support/stores/open-task.ts'
import { startStores } from '../support/stores/start-stores.ts'

let tasks: Tasks
let stop: () => Promise<void>

beforeAll(async () => {
  const stores = await startStores()
  tasks = stores.ports.tasks
  stop = stores.stop
})
afterAll(() => stop())

const ended = (task: OpenTask) =>
  ({
    ...task,
    status: 'failed',
    endedAt: '2026-01-02T00:00:00.000Z',
    error: { name: 'X', message: 'x' },
  }) as const

describe('tasks', () => {
  it('creates a task once', async () => {
    const task = openTask()
    expect([
      await tasks.createTask(task),
      await tasks.createTask({ ...task, requestDigest: 'other' }),
    ]).toEqual([true, false])
    expect(await tasks.findTask(task.id)).toEqual(task)
  })

  it('ends a task once, and only for the execution that runs it', async () => {
    const task = openTask()
    await tasks.createTask(task)
    expect(await tasks.endTask({ ...ended(task), execution: 2 })).toBe(false)
    const both = await Promise.all([tasks.endTask(ended(task)), tasks.endTask(ended(task))])
    expect(both.filter(Boolean)).toHaveLength(1)
    expect(await tasks.findTask(task.id)).toMatchObject({ status: 'failed' })
  })

  it.each([
    ['running', 'waiting', true, 'waiting'],
    ['planning', 'waiting', true, 'waiting'],
    ['planning', 'running', true, 'running'],
    ['waiting', 'running', true, 'running'],
    ['queued', 'running', false, 'queued'],
    ['queued', 'waiting', false, 'queued'],
  ] as const)('changes %s to %s: %s', async (status, to, changes, after) => {
    const task = { ...openTask({ tenant: `${status}-${to}` }), status, goal: 'Write it' }
    await tasks.createTask(task)
    expect(await tasks.setWaiting({ ...task, execution: 2 }, to)).toBe(false)
    expect(await tasks.setWaiting(task, to)).toBe(changes)
    expect(await tasks.findTask(task.id)).toEqual({ ...task, status: after })
    const listed = await tasks.listTasks({ tenant: task.tenant, limit: 10, status: after })
    expect(listed.tasks).toHaveLength(1)
  })

  it('lists newest first, page by page, each task once', async () => {
    const tenant = 'lister'
    const made = Array.from({ length: 25 }, () => openTask({ tenant }))
    for (const task of made) await tasks.createTask(task)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await tasks.listTasks({ tenant, limit: 10, ...(cursor ? { cursor } : {}) })
      seen.push(...page.tasks.map(({ id }) => id))
      cursor = page.cursor
    } while (cursor)
    expect(seen).toEqual(made.map(({ id }) => id).reverse())
    expect((await tasks.listTasks({ tenant, limit: 10, status: 'failed' })).tasks).toEqual([])
  })

  it('lists large tasks, of which a page of the table holds few', async () => {
    const tenant = 'large'
    const metadata = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, 'é'.repeat(2_000)]))
    const made = Array.from({ length: 24 }, () => openTask({ tenant, metadata }))
    for (const task of made) await tasks.createTask(task)
    const { tasks: listed, cursor } = await tasks.listTasks({ tenant, limit: 50 })
    expect(listed.map(({ id }) => id)).toEqual(made.map(({ id }) => id).reverse())
    expect(cursor).toBeUndefined()
  })

  it('lists open tasks of a certain age, and no ended ones', async () => {
    const open = openTask({ createdAt: '2025-01-01T00:00:00.000Z' })
    const over = openTask({ createdAt: '2025-01-01T00:00:01.000Z' })
    await tasks.createTask(open)
    await tasks.createTask(over)
    await tasks.endTask(ended(over))
    const found = await tasks.listOpenTasks({ createdBefore: '2025-06-01T00:00:00.000Z', limit: 10 })
    expect(found.map(({ id }) => id)).toEqual([open.id])
  })

  it('pages through open tasks, also those of one instant, each once', async () => {
    const createdAt = '2024-01-01T00:00:00.000Z'
    const made = Array.from({ length: 7 }, () => openTask({ createdAt }))
    for (const task of made) await tasks.createTask(task)
    const seen: string[] = []
    for (let after: OpenTask | undefined; ; ) {
      const query = { createdBefore: '2024-06-01T00:00:00.000Z', limit: 2, ...(after ? { after } : {}) }
      const page = await tasks.listOpenTasks(query)
      seen.push(...page.map(({ id }) => id))
      after = page.at(-1)
      if (page.length < 2) break
    }
    expect(seen).toEqual(made.map(({ id }) => id))
  })
})
