/** Tasks that ended before the stage said for how long they are kept: a pass over all of them, which may end at any of its calls. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dynamodbRetention } from '../../functions/adapters/dynamodb/tasks/retention.ts'
import { applyRetention } from '../../shared/app/deletion/apply-retention.ts'
import type { OpenTask } from '../../shared/domain/task.ts'
import { memoryStores } from '../support/stores/memory-stores.ts'
import { openTask } from '../support/stores/open-task.ts'
import { endOf, WRITES_OF_TASK } from '../support/stores/writes-of-task.ts'

type World = ReturnType<typeof memoryStores>
const DAY = 86_400

/** A task with an item of many kinds, and one with a child; and one that is open. */
async function makeTasks({ ports }: World): Promise<Record<'alone' | 'parent' | 'child' | 'open', OpenTask>> {
  const made = async (more: Partial<OpenTask> = {}, isOpen = false): Promise<OpenTask> => {
    const task = openTask(more)
    for (const name of ['plans.createPlan', 'tasks.createTask', 'steps.takeOverStep', 'turns.addTurn'])
      await WRITES_OF_TASK[name]?.(ports, task, 'text')
    if (!isOpen) await ports.tasks.endTask(endOf(task, 'text'))
    return task
  }
  const alone = await made()
  const parent = await made()
  const child = await made({ parent: { taskId: parent.id, path: 's', depth: 1 } })
  const own = { taskId: parent.id, path: 's', owner: 'o', fence: '0001' }
  await ports.steps.noteStep(own, { child: child.id })
  return { alone, parent, child, open: await made({}, true) }
}

/** The retention of a stage that says so many days, and what it has marked in the bucket. */
function stage({ ports, client }: World, days: number | undefined) {
  const marked: string[] = []
  const retention = dynamodbRetention({
    client,
    table: 'tasks',
    registry: 'registry',
    tasks: ports.tasks,
    steps: ports.steps,
    days,
    blobs: {
      mark: async (prefix) => void marked.push(prefix),
      unmark: async (prefix) => void marked.push(`not ${prefix}`),
    },
  })
  return { apply: applyRetention({ retention }), marked }
}

/** When each item of a task expires, in days after its end; undefined for one that does not. */
function expiryOf(world: World, { id }: OpenTask): Record<string, number | undefined> {
  const items = world
    .all()
    .filter((text) => text.startsWith(`{"pk":"TASK#${id}"`))
    .map((text) => JSON.parse(text) as { sk: string; expiresAt?: number })
  const end = Date.parse(endOf(openTask(), '').endedAt) / 1_000
  return Object.fromEntries(
    items.map(({ sk, expiresAt }) => [
      sk.split('#')[0],
      expiresAt === undefined ? undefined : (expiresAt - end) / DAY,
    ]),
  )
}

const kept = (task: number | undefined, rest: number | undefined) => ({
  META: task,
  PLAN: rest,
  STEP: rest,
  TURN: rest,
})

it('has tasks expire that ended before the stage said so, anew after each change, and none where it keeps them for good (retention/N1)', async () => {
  const world = memoryStores()
  const { alone, parent, child, open } = await makeTasks(world)
  expect(await stage(world, undefined).apply()).toEqual({ changed: 0, isDone: true })
  const first = stage(world, 30)
  expect(await first.apply()).toEqual({ changed: 2, isDone: true })
  for (const task of [alone, parent]) expect(expiryOf(world, task)).toEqual(kept(30, 37))
  // A child goes with its parent.
  expect(expiryOf(world, child)).toEqual(kept(37, 37))
  expect(expiryOf(world, open)).toEqual(kept(undefined, undefined))
  expect(first.marked).toEqual(
    expect.arrayContaining([`tasks/${alone.id}/`, `task-files/default/${child.id}/`]),
  )
  const again = stage(world, 30)
  expect(await again.apply()).toEqual({ changed: 0, isDone: true })
  const shorter = stage(world, 2)
  expect(await shorter.apply()).toEqual({ changed: 2, isDone: true })
  expect(expiryOf(world, alone)).toEqual(kept(2, 9))
  // The age of objects that are marked already counts on.
  expect([again.marked, shorter.marked]).toEqual([[], []])
  const forGood = stage(world, undefined)
  expect(await forGood.apply()).toEqual({ changed: 2, isDone: true })
  for (const task of [alone, parent, child]) expect(expiryOf(world, task)).toEqual(kept(undefined, undefined))
  expect(forGood.marked).toContain(`not tasks/${child.id}/`)
})

it('is gone on with wherever a run ends, and by several at once (retention/N2)', async () => {
  const step = fc.record({ calls: fc.nat(60), days: fc.constantFrom(3, 30, undefined), twice: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 5 }), async (steps) => {
      const world = memoryStores()
      const tasks = await makeTasks(world)
      for (const { calls, days, twice } of steps) {
        world.killAfter(calls)
        const { apply } = stage(world, days)
        await Promise.all([apply(), twice ? apply() : undefined]).catch(() => {})
        world.killAfter(Number.POSITIVE_INFINITY)
      }
      const { apply } = stage(world, 10)
      while (!(await apply()).isDone);
      expect(expiryOf(world, tasks.alone)).toEqual(kept(10, 17))
      expect(expiryOf(world, tasks.parent)).toEqual(kept(10, 17))
      expect(expiryOf(world, tasks.child)).toEqual(kept(17, 17))
      expect(expiryOf(world, tasks.open)).toEqual(kept(undefined, undefined))
    }),
    { numRuns: 40 },
  )
})
