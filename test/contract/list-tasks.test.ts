import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { listTasks } from '../../functions/adapters/dynamodb/tasks/list-tasks.ts'
import { dynamodbTasks } from '../../functions/adapters/dynamodb/tasks/tasks.ts'
import { TASK_INDEXES } from '../../shared/contracts/table-layout.ts'
import type { OpenTask, Task } from '../../shared/domain/task.ts'
import type { TaskFilter, Tasks } from '../../shared/ports/index.ts'
import { openTask } from '../support/stores/open-task.ts'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'

let database: Awaited<ReturnType<typeof startDynamoDB>>
let tasks: Tasks
let made: Task[]
const tenant = 'finder'
const PARENT = `t_${'p'.repeat(26)}`

beforeAll(async () => {
  database = await startDynamoDB()
  await createTable(database.client, 'tasks', TASK_INDEXES)
  tasks = dynamodbTasks({ client: database.client, table: 'tasks' })
  made = Array.from({ length: 240 }, (_, at) => {
    const day = new Date(Date.UTC(2026, 0, 1) + Math.floor(at / 3) * 3_600_000).toISOString()
    const open: OpenTask = openTask({
      tenant,
      createdAt: day,
      id: `t_${at % 2 === 0 ? 'a' : 'b'}${String((at * 7_919) % 1_000).padStart(25, '0')}`,
      workflow: { name: `w${at % 5}`, version: 1 + (at % 3) },
      ...(at % 4 === 0 ? { type: 'report' } : {}),
      metadata: {
        team: at % 6 === 0 ? 'say "hi", {b}' : 'other',
        ...(at % 10 === 0 ? { 'a,=b\\': 'ก😀' } : {}),
        ...(at % 8 === 0 ? { 'x"b': 'y', 'x,"c': 'y', z: '{"b":"y","c":"y"}' } : {}),
        ...(at % 9 === 0 ? { b: 'y' } : {}),
      },
      ...(at % 3 === 0 ? { parent: { taskId: PARENT, path: 's', depth: 1 } } : {}),
    })
    return at % 7 === 0
      ? { ...open, status: 'cancelled' as const, endedAt: day, reason: 'r' }
      : { ...open, status: at % 5 === 0 ? ('waiting' as const) : ('running' as const) }
  })
  for (const task of made) {
    if (task.status !== 'cancelled') await tasks.createTask(task as OpenTask)
    else {
      const { endedAt: _endedAt, reason: _reason, ...open } = task
      await tasks.createTask({ ...open, status: 'running' })
      await tasks.endTask(task)
    }
  }
})
afterAll(() => database.stop())

const fits = (
  task: Task,
  { status, workflow, version, type, from, to, metadata = [], id, parent }: TaskFilter,
) =>
  (status === undefined || task.status === status) &&
  (workflow === undefined || task.workflow.name === workflow) &&
  (version === undefined || task.workflow.version === version) &&
  (type === undefined || task.type === type) &&
  (from === undefined || task.createdAt >= from) &&
  (to === undefined || task.createdAt < to) &&
  metadata.every(([name, value]) => task.metadata[name] === value) &&
  (id === undefined || task.id.startsWith(id)) &&
  (parent === undefined || (parent === null ? task.parent === undefined : task.parent?.taskId === parent))

const newestFirst = (filter: TaskFilter): string[] =>
  made
    .filter((task) => fits(task, filter))
    .map(({ createdAt, id }) => `${createdAt}#${id}`)
    .sort()
    .reverse()
    .map((key) => key.split('#')[1] ?? '')

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
const time = fc
  .integer({ min: -2, max: 85 })
  .map((hour) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString())
const filters = fc
  .record({
    status: maybe(
      fc.constantFrom('running' as const, 'waiting' as const, 'cancelled' as const, 'failed' as const),
    ),
    workflow: maybe(fc.constantFrom('w0', 'w1', 'w', 'name')),
    version: maybe(fc.integer({ min: 1, max: 4 })),
    type: maybe(fc.constantFrom('report', 'other')),
    from: maybe(time),
    to: maybe(time),
    metadata: maybe(
      fc.subarray([
        ['team', 'say "hi", {b}'],
        ['team', 'other'],
        ['a,=b\\', 'ก😀'],
        ['eam', 'other'],
        ['b', 'y'],
        ['c', 'y'],
      ] as [string, string][]),
    ),
    id: maybe(fc.constantFrom('t_', 't_a', 't_b', 't_a0', 't_c')),
    parent: maybe(fc.constantFrom(null, PARENT, 't_x')),
  })
  .map(
    (all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as TaskFilter,
  )

describe('a list of tasks with a filter', () => {
  it.each(['b', 'c'])('matches only whole pairs: no part of a name or value as %s=y', async (name) => {
    const filter: TaskFilter = { metadata: [[name, 'y']] }
    const { seen } = await allPages(tasks.listTasks, filter, 100)
    expect(seen).toEqual(newestFirst(filter))
  })

  it('has each matching task once over all pages, newest first (list/L1, list/L2)', async () => {
    await fc.assert(
      fc.asyncProperty(filters, fc.constantFrom(1, 7, 20, 100), async (filter, limit) => {
        const { seen, pages } = await allPages(tasks.listTasks, filter, limit)
        expect(seen).toEqual(newestFirst(filter))
        // The read limit exceeds the number of items, so every page but the last is full.
        expect(pages.slice(0, -1).every((count) => count === limit)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('reads a bounded number of items for a page, and loses nothing by it (list/L3)', async () => {
    const reads = vi.spyOn(database.client, 'send')
    const frugal = listTasks({ client: database.client, table: 'tasks' }, { items: 60, reads: 40 })
    await fc.assert(
      fc.asyncProperty(filters, fc.constantFrom(1, 7, 20), async (filter, limit) => {
        let cursor: string | undefined
        const seen: string[] = []
        do {
          reads.mockClear()
          const page = await frugal({ ...filter, tenant, limit, ...(cursor ? { cursor } : {}) })
          // Each of the 32 partitions at most once more than the bound allows.
          expect(reads.mock.calls.length).toBeLessThanOrEqual(40 + 32)
          expect(page.tasks.length).toBeLessThanOrEqual(limit)
          seen.push(...page.tasks.map(({ id }) => id))
          cursor = page.cursor
        } while (cursor)
        expect(seen).toEqual(newestFirst(filter))
      }),
      { numRuns: 25 },
    )
  })
})

async function allPages(list: Tasks['listTasks'], filter: TaskFilter, limit: number) {
  const seen: string[] = []
  const pages: number[] = []
  let cursor: string | undefined
  do {
    const page = await list({ ...filter, tenant, limit, ...(cursor ? { cursor } : {}) })
    pages.push(page.tasks.length)
    seen.push(...page.tasks.map(({ id }) => id))
    cursor = page.cursor
  } while (cursor)
  return { seen, pages }
}
