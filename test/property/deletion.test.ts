/** The deletion of tasks on the real adapters: processes end at any of their calls, and invocations write at any time after it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PORTS } from '../../functions/ports.ts'
import { deleteTask } from '../../shared/app/deletion/delete-task.ts'
import { eraseDeleted } from '../../shared/app/deletion/erase-deleted.ts'
import { submitTask } from '../../shared/app/tasks/submit-task.ts'
import { TASK_PARTITIONS, VALUES_PREFIX } from '../../shared/contracts/table-layout.ts'
import { LATE_WRITES_MINUTES, MARK_DAYS } from '../../shared/domain/deleted-task.ts'
import { TASK_FILES_PREFIX } from '../../shared/domain/file-reference.ts'
import type { OpenTask } from '../../shared/domain/task.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { callerOf } from '../support/stores/callers.ts'
import { memoryStores } from '../support/stores/memory-stores.ts'
import { openTask } from '../support/stores/open-task.ts'
import { endOf, WRITES_OF_TASK } from '../support/stores/writes-of-task.ts'

const TENANT = 'acme'
const CALLER = callerOf(TENANT)
const PLANTED = 'planted-personal-text'
const MINUTE = 60_000

/** Writes a task of which every store has something, in the order of its life; ends it. */
async function makeTask(ports: Ports, more: Partial<OpenTask> = {}): Promise<OpenTask> {
  const task = openTask({ tenant: TENANT, ...more })
  for (const [name, write] of Object.entries(WRITES_OF_TASK))
    if (!['tasks.reopenTask', 'retention.applyTo'].includes(name)) await write(ports, task, PLANTED)
  await ports.tasks.setWaiting(task, 'running')
  await ports.tasks.endTask(endOf(task, PLANTED))
  return task
}

type World = ReturnType<typeof memoryStores>

const erase = ({ ports }: World) => eraseDeleted(ports)()

/** Lets the schedule run until nothing is due any more. */
async function untilGone(world: World): Promise<void> {
  for (let minute = 0; minute <= 3 * LATE_WRITES_MINUTES; minute += 1) {
    expect((await erase(world)).failed).toEqual([])
    world.pass(MINUTE)
  }
}

it('knows every method that writes something of a task', () => {
  const writing = Object.entries(PORTS).flatMap(([port, { methods }]) =>
    Object.entries(methods).flatMap(([method, grants]) =>
      grants.some(({ actions, on }) => {
        if (on.kind === 'objects')
          return (
            actions.some((action) => action === 's3:PutObject') &&
            [VALUES_PREFIX, TASK_FILES_PREFIX].includes(on.prefix)
          )
        const isWrite = actions.some((action) => /(Put|Update)Item/.test(action))
        return (
          isWrite && on.kind === 'table' && on.table === 'tasks' && on.keys?.includes(TASK_PARTITIONS.task)
        )
      })
        ? [`${port}.${method}`]
        : [],
    ),
  )
  const deleting = Object.keys(PORTS.deletions.methods).map((method) => `deletions.${method}`)
  expect(writing.filter((name) => !deleting.includes(name)).sort()).toEqual(
    Object.keys(WRITES_OF_TASK).sort(),
  )
})

describe('the deletion of a task', () => {
  it('removes everything of it, of its children and what is cached of it, and nothing else (deletion/D4)', async () => {
    const world = memoryStores()
    const { ports } = world
    const other = await makeTask(ports)
    const before = world.all()
    const task = await makeTask(ports)
    const child = await makeTask(ports, {
      parent: { taskId: task.id, path: 's', depth: 1 },
      createdAt: task.createdAt,
    })
    await makeTask(ports, { parent: { taskId: child.id, path: 's', depth: 2 }, createdAt: task.createdAt })
    // The other one's output is cached under the same key now.
    await WRITES_OF_TASK['outputs.keepOutput']?.(ports, other, PLANTED)
    await deleteTask(ports)({ id: task.id }, CALLER)
    expect(await ports.tasks.findTask(task.id)).toBeUndefined()
    await untilGone(world)
    const left = world.all().filter((text) => !before.includes(text))
    expect(left.filter((text) => !text.includes('"status":"deleted"'))).toEqual([])
    expect(left).toHaveLength(3)
    for (const text of left) expect(text).toMatch(/^\{"pk":"TASK#t_\d+","sk":"META","status":"deleted"/)
    expect(left.join()).not.toMatch(new RegExp(`${PLANTED}|${TENANT}`))
    expect(before.filter((text) => !world.all().includes(text))).toEqual([])
    world.pass((MARK_DAYS + 1) * 24 * 60 * MINUTE)
    for (const text of left)
      expect((JSON.parse(text) as { expiresAt: number }).expiresAt * 1_000).toBeLessThan(world.now())
  })

  it('refuses one that is open, and a child (deletion/D1)', async () => {
    const { ports } = memoryStores()
    const open = openTask({ tenant: TENANT })
    await ports.tasks.createTask(open)
    await expect(deleteTask(ports)({ id: open.id }, CALLER)).rejects.toThrow(
      `task ${open.id} is running; cancel it first`,
    )
    const child = openTask({ tenant: TENANT, parent: { taskId: open.id, path: 's', depth: 1 } })
    await ports.tasks.createTask(child)
    await ports.tasks.endTask(endOf(child, 'x'))
    await expect(deleteTask(ports)({ id: child.id }, CALLER)).rejects.toThrow(
      `is a child of task ${open.id}, and is deleted with that one`,
    )
    await expect(deleteTask(ports)({ id: open.id }, callerOf('other'))).rejects.toThrow(
      `there is no task ${open.id}`,
    )
  })

  it('is completed wherever a process ends (deletion/D2)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(120), { maxLength: 6 }), async (kills) => {
        const world = memoryStores()
        const { ports } = world
        const task = await makeTask(ports)
        await makeTask(ports, {
          parent: { taskId: task.id, path: 's', depth: 1 },
          createdAt: task.createdAt,
        })
        for (const calls of [...kills, Number.POSITIVE_INFINITY]) {
          world.killAfter(calls)
          await deleteTask(ports)({ id: task.id }, CALLER).catch(() => {})
          await eraseDeleted(ports)().catch(() => {})
          world.killAfter(Number.POSITIVE_INFINITY)
          // What is not marked is whole.
          const found = await ports.tasks.findTask(task.id)
          if (found) expect(await ports.plans.getPlan(task.id)).toMatchObject({ taskId: task.id })
        }
        await untilGone(world)
        expect(world.all().join()).not.toMatch(new RegExp(`${PLANTED}|${TENANT}`))
      }),
      { numRuns: 30 },
    )
  })

  it('leaves nothing of what is written after it, and shows none of it (deletion/D3)', async () => {
    const writes = Object.entries(WRITES_OF_TASK)
    const late = fc.record({ write: fc.constantFrom(...writes), minute: fc.integer({ min: 0, max: 15 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(late, { maxLength: 30 }), async (lateWrites) => {
        const world = memoryStores()
        const { ports } = world
        const task = await makeTask(ports)
        await deleteTask(ports)({ id: task.id }, CALLER)
        for (let minute = 0; minute <= 15; minute += 1) {
          for (const { write } of lateWrites.filter((one) => one.minute === minute)) {
            // Some are refused, some throw as the record is gone.
            await write[1](ports, task, PLANTED).catch(() => {})
            expect(await ports.tasks.findTask(task.id)).toBeUndefined()
            expect(await ports.tasks.listTasks({ tenant: TENANT, limit: 10 })).toEqual({ tasks: [] })
            expect(await ports.tasks.listOpenTasks({ createdBefore: '9', limit: 10 })).toEqual([])
          }
          await erase(world)
          world.pass(MINUTE)
        }
        await untilGone(world)
        expect(world.all().join()).not.toMatch(new RegExp(`${PLANTED}|${TENANT}`))
      }),
      { numRuns: 25 },
    )
  })

  it('leaves nothing of each such write alone, before and after the first pass (deletion/D3)', async () => {
    for (const [name, write] of Object.entries(WRITES_OF_TASK))
      for (const isErased of [false, true]) {
        const world = memoryStores()
        const task = await makeTask(world.ports)
        await deleteTask(world.ports)({ id: task.id }, CALLER)
        if (isErased) await erase(world)
        await write(world.ports, task, PLANTED).catch(() => {})
        expect([name, await world.ports.tasks.findTask(task.id)]).toEqual([name, undefined])
        await untilGone(world)
        expect([name, world.all().filter((text) => text.includes(PLANTED))]).toEqual([name, []])
      }
  })

  it('takes a child with it that a late invocation has begun (deletion/D3)', async () => {
    const world = memoryStores()
    const { ports } = world
    const task = await makeTask(ports)
    await deleteTask(ports)({ id: task.id }, CALLER)
    await erase(world)
    const late = openTask({
      tenant: TENANT,
      parent: { taskId: task.id, path: 's', depth: 1 },
      createdAt: new Date(Date.parse(endOf(task, '').endedAt) + 10 * MINUTE).toISOString(),
    })
    await WRITES_OF_TASK['plans.createPlan']?.(ports, late, PLANTED)
    await ports.tasks.createTask(late)
    await untilGone(world)
    expect(world.all().join()).not.toMatch(new RegExp(`${PLANTED}|${TENANT}`))
  })

  it('refuses its Idempotency-Key while its mark is kept, and stores nothing (deletion/D3)', async () => {
    const { ports, all } = memoryStores()
    const id = `t_${ports.ids.digest(`${TENANT}\nkey`).slice(0, 26)}`
    const task = await makeTask(ports, { id })
    await deleteTask(ports)({ id: task.id }, CALLER)
    await eraseDeleted(ports)()
    const before = all()
    await expect(
      submitTask(ports)({ workflow: 'w', input: PLANTED, metadata: {}, idempotencyKey: 'key' }, CALLER),
    ).rejects.toThrow(`this Idempotency-Key was used for task ${id}, which is deleted`)
    expect(all()).toEqual(before)
  })
})
