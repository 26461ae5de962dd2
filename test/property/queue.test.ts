/** A tenant's queue with concurrent writers that start tasks, in random interleavings with deaths in between. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dynamodbLimits } from '../../functions/adapters/dynamodb/counters/limits.ts'
import { dynamodbQueue } from '../../functions/adapters/dynamodb/tasks/queue.ts'
import {
  carryOn,
  dispatch,
  enqueue,
  leaveQueue,
  type QueueNeeds,
} from '../../shared/app/tasks/queue-tasks.ts'
import { entryOf } from '../../shared/app/views/queue-entry.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import type { EndedTask, OpenTask, Task } from '../../shared/domain/task.ts'
import type { BlobStore } from '../../shared/ports/index.ts'
import { taskPorts } from '../../testing/memory/task-ports.ts'
import { byChance, Interleaving } from '../support/models/interleaving.ts'
import { clientOf, immediateTable } from '../support/stores/immediate-table.ts'
import { planWith } from '../support/stores/plan-with.ts'
import { portsWith, portWith } from '../support/stores/ports-with.ts'

const TASKS = 14
const TENANT = 'default'

function taskOf(at: number, priority: number): OpenTask {
  return {
    id: `t_${String(at).padStart(26, '0')}`,
    status: 'queued',
    tenant: TENANT,
    workflow: { name: 'w', version: 1 },
    stateMachineArn: 'arn',
    execution: 1,
    requestDigest: '',
    createdAt: new Date(1_000_000_000_000 + 60_000 * at).toISOString(),
    metadata: {},
    priority,
  }
}

const cancelled = (task: Task): EndedTask => ({ ...task, status: 'cancelled', endedAt: 'now', reason: '' })

/** The ports of the queue over one table, without plans; the names of started executions are recorded. */
function portsOver(
  client: DynamoDBDocumentClient,
  { most, started }: { most: number; started: string[] },
): QueueNeeds {
  const clock = { now: () => new Date() }
  return portsWith<QueueNeeds>({
    ...taskPorts({ client, table: 't', digest: String, blobs: portWith<BlobStore>({}) }),
    plans: { getPlan: async () => planWith() },
    queue: dynamodbQueue({ client, table: 't', mostOf: () => most }),
    limits: dynamodbLimits({ client, table: 't', clock }),
    executions: {
      start: async ({ name }) => {
        started.push(name)
        return name
      },
    },
    clock,
    bus: { publish: async () => {} },
  })
}

it('never exceeds the limit, and starts every task in the end, in spite of deaths (queue/V1, queue/V3, queue/V4)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 4 }), async (seed, most) => {
      const random = seededRandom(String(seed))
      const table = immediateTable()
      const world = new Interleaving(clientOf(table), byChance(random, { deathRate: 0.01 }))
      const started: string[] = []
      const sure = portsOver(clientOf(table), { most, started })
      const all = Array.from({ length: TASKS }, (_, at) => taskOf(at, Math.floor(random() * 10)))
      const running = async (): Promise<Task[]> => {
        const found = await Promise.all(all.map(({ id }) => sure.tasks.findTask(id)))
        return found.filter((task) => task?.status === 'running') as Task[]
      }
      const end = async (ports: QueueNeeds, task: Task): Promise<void> => {
        const ended = cancelled(task)
        if (await ports.tasks.endTask(ended)) await leaveQueue(ports, ended)
      }
      let at = 0
      for (const task of all) {
        const who = `submit${at++}`
        const ports = portsOver(world.clientFor(who), { most, started })
        world.start(async () => {
          await ports.tasks.createTask(task)
          await enqueue(ports, task)
          await world.pause(who)
          // Some tasks end, some are cancelled while they wait.
          const now = await ports.tasks.findTask(task.id)
          if (now && random() < 0.5) await end(ports, now)
        })
      }
      let most_seen = 0
      await world.run(() => {
        const now = [...table.items.values()].filter(
          (item) => (item as { status?: { S: string }; sk: { S: string } }).status?.S === 'running',
        )
        most_seen = Math.max(most_seen, now.length)
      })
      expect(most_seen).toBeLessThanOrEqual(most)

      // Sweeps repeatedly; running tasks end in between.
      for (let sweeps = 0; sweeps < 3 * TASKS; sweeps++) {
        for (const { id } of all) {
          const task = await sure.tasks.findTask(id)
          if (task?.status === 'queued') await sure.queue.add(TENANT, entryOf(task))
        }
        await carryOn(sure, TENANT)
        const now = await running()
        expect(now.length).toBeLessThanOrEqual(most)
        const [first] = now
        if (first) await end(sure, first)
      }
      const left = await Promise.all(all.map(({ id }) => sure.tasks.findTask(id)))
      expect(left.filter((task) => task && task.status !== 'cancelled')).toEqual([])
      expect(await sure.queue.first(TENANT)).toBeUndefined()
      await carryOn(sure, TENANT)
      expect(await sure.limits.listSlots(`tenant:${TENANT}`)).toEqual([])
    }),
    { numRuns: 60 },
  )
})

it('starts urgent tasks first, and starves none (queue/V2)', async () => {
  const started: string[] = []
  const ports = portsOver(clientOf(immediateTable()), { most: 1, started })
  // One task a minute; one level of priority is worth ten minutes.
  const priorities = [0, 0, 9, 5, 5, 0, ...new Array<number>(120).fill(9)]
  const all = priorities.map((priority, at) => taskOf(at, priority))
  for (const task of all) {
    await ports.tasks.createTask(task)
    await ports.queue.add(TENANT, entryOf(task))
  }
  for (const _ of all) {
    await dispatch(ports, TENANT)
    const name = started.at(-1)?.replace(/-1$/, '') ?? ''
    const ended = cancelled((await ports.tasks.findTask(name)) as Task)
    expect(await ports.tasks.endTask(ended)).toBe(true)
    await leaveQueue({ ...ports, queue: { ...ports.queue, first: async () => undefined } }, ended)
  }
  const order = started.map((name) => Number(name.slice(2, 28)))
  expect(new Set(order).size).toBe(all.length)
  // The urgent task first; then 90 minutes of urgent tasks before the normal one, because priority ages.
  expect(order[0]).toBe(2)
  expect(order.indexOf(0)).toBeGreaterThan(order.indexOf(3))
  expect(order.indexOf(0)).toBeGreaterThan(80)
  expect(order.indexOf(0)).toBeLessThan(100)
})
