import {
  CopyObjectCommand,
  DeleteObjectTaggingCommand,
  ListObjectsV2Command,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expiringTasks } from '../../functions/adapters/dynamodb/tasks/expiring-tasks.ts'
import { taskExpiry } from '../../functions/adapters/dynamodb/tasks/task-expiry.ts'
import { nodeIds, systemClock } from '../../functions/adapters/node-ids.ts'
import { s3ExpiringBlobs } from '../../functions/adapters/s3/removal/expiring-blobs.ts'
import { finishTask } from '../../shared/app/tasks/finish-task.ts'
import { TASK_INDEXES } from '../../shared/contracts/table-layout.ts'
import type { OpenTask } from '../../shared/domain/task.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { type TaskPorts, taskPorts } from '../../testing/memory/task-ports.ts'
import { withSend } from '../support/cloud/replaced-send.ts'
import { openTask } from '../support/stores/open-task.ts'
import { planWith } from '../support/stores/plan-with.ts'
import { portsWith } from '../support/stores/ports-with.ts'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'

const DAYS = 30
const DAY = 86_400
const ENDED_AT = '2026-03-01T00:00:00.000Z'
const TASK_GOES = Date.parse(ENDED_AT) / 1_000 + DAYS * DAY
const REST_GOES = TASK_GOES + 7 * DAY

let dynamodb: Awaited<ReturnType<typeof startDynamoDB>>
let ports: TaskPorts
/** Prefixes of stored values that are tagged to expire. */
const marked = new Set<string>()

beforeAll(async () => {
  dynamodb = await startDynamoDB()
  await createTable(dynamodb.client, 'tasks', TASK_INDEXES)
  ports = storesOver(dynamodb.client)
})
afterAll(() => dynamodb.stop())

function storesOver(client: typeof dynamodb.client): TaskPorts {
  const blobs = { put: async () => {}, get: async () => '1' }
  const { digest } = nodeIds(systemClock)
  const marks = {
    mark: async (prefix: string) => void marked.add(prefix),
    unmark: async (prefix: string) => void marked.delete(prefix),
  }
  const expiry = taskExpiry({ client, table: 'tasks', blobs: marks })
  const plain = taskPorts({ client, table: 'tasks', blobs, digest, days: DAYS })
  return { ...plain, tasks: expiringTasks(plain.tasks, { steps: plain.steps, expiry, days: DAYS }) }
}

/** Ends a task as the status event of its execution does. */
const stopped = (task: OpenTask): Promise<unknown> =>
  finishTask(portsWith<Ports>(ports))({
    name: `${task.id}-${task.execution}`,
    ended: { status: 'ABORTED', cause: 'stopped' },
  })

const ended = (task: OpenTask) =>
  ({ ...task, status: 'failed', endedAt: ENDED_AT, error: { name: 'X', message: 'x' } }) as const

const end = async (task: OpenTask): Promise<boolean> => {
  const isFirst = await ports.tasks.endTask(ended(task))
  await ports.tasks.settleTask(ended(task))
  return isFirst
}

/** A task with an item of every kind. */
async function makeTask(more: Partial<OpenTask> = {}, child?: string): Promise<OpenTask> {
  const task = openTask(more)
  await ports.tasks.createTask(task)
  await ports.plans.createPlan(planWith({ taskId: task.id }))
  const own = { taskId: task.id, path: 's', owner: 'o', fence: '1' }
  await ports.steps.takeOverStep(own, { startedAt: '2026-01-01T00:00:00.000Z' })
  if (child !== undefined) await ports.steps.noteStep(own, { child })
  await ports.gates.passGate(task.id, 'g', 's')
  for (const sk of ['BUDGET', 'ONCE#s#key'])
    await dynamodb.client.send(new PutCommand({ TableName: 'tasks', Item: { pk: `TASK#${task.id}`, sk } }))
  return task
}

/** When each item of a task expires; 0 if it does not. */
async function expiryOf(key: string): Promise<Record<string, number>> {
  const query = new QueryCommand({
    TableName: 'tasks',
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': `TASK#${key}` },
  })
  const { Items = [] } = await dynamodb.client.send(query)
  return Object.fromEntries(Items.map(({ sk, expiresAt = 0 }) => [String(sk), Number(expiresAt)]))
}
const all = (task: number, rest: number) => ({
  META: task,
  PLAN: rest,
  'STEP#s': rest,
  'GATE#g': rest,
  BUDGET: rest,
  'ONCE#s#key': rest,
})
const STAYS = all(0, 0)

describe('a task of an installation that keeps tasks for 30 days', () => {
  it('has no expiry while it is open; afterwards everything expires, the task itself first (expiry/X1, expiry/X3)', async () => {
    const task = await makeTask()
    expect(await expiryOf(task.id)).toEqual(STAYS)
    expect(await end(task)).toBe(true)
    expect(await expiryOf(task.id)).toEqual(all(TASK_GOES, REST_GOES))
    expect(marked).toContain(`tasks/${task.id}/`)
    // The task still reads the same.
    expect(await ports.tasks.findTask(task.id)).toEqual(ended(task))
  })

  it('loses its expiry when it is reopened, and at its end both executions expire', async () => {
    const task = await makeTask()
    await end(task)
    const again = { ...task, execution: 2 }
    expect(await ports.tasks.reopenTask(again, 1)).toBe(true)
    await ports.gates.passGate(`${task.id}-2`, 'g', 's')
    expect(await expiryOf(task.id)).toEqual(STAYS)
    expect(marked).not.toContain(`tasks/${task.id}/`)
    await end(again)
    expect(await expiryOf(task.id)).toEqual(all(TASK_GOES, REST_GOES))
    expect(await expiryOf(`${task.id}-2`)).toEqual({ 'GATE#g': REST_GOES })
  })

  it('expires as it did after a retry that came too late to open it', async () => {
    const task = await makeTask()
    await end(task)
    expect(await ports.tasks.reopenTask({ ...task, execution: 3 }, 2)).toBe(false)
    expect(await expiryOf(task.id)).toEqual(all(TASK_GOES, REST_GOES))
    expect(marked).toContain(`tasks/${task.id}/`)
  })

  it('keeps everything when a late end event finds it reopened (expiry/X1)', async () => {
    const task = await makeTask()
    await end(task)
    await ports.tasks.reopenTask({ ...task, execution: 2 }, 1)
    expect(await end(task)).toBe(false)
    expect(await expiryOf(task.id)).toEqual(STAYS)
  })

  it('also expires items that were written between its end and that of its execution (expiry/X3)', async () => {
    const task = await makeTask()
    await end(task)
    const own = { taskId: task.id, path: 'late', owner: 'o', fence: '1' }
    await ports.steps.takeOverStep(own, { startedAt: '2026-01-01T00:00:00.000Z' })
    expect(await expiryOf(task.id)).toMatchObject({ 'STEP#late': 0 })
    marked.clear()
    // Both before and after the status event of its execution.
    await stopped(task)
    const settled = { ...all(TASK_GOES, REST_GOES), 'STEP#late': REST_GOES }
    expect(await expiryOf(task.id)).toEqual(settled)
    expect(marked).toContain(`tasks/${task.id}/`)
    await stopped(task)
    expect(await expiryOf(task.id)).toEqual(settled)
  })

  it('expires no earlier than its parent when its end event is repeated (expiry/X1)', async () => {
    const child = await makeTask({ id: 't_again', parent: { taskId: 't_above', path: 's', depth: 1 } })
    const parent = await makeTask({ id: 't_above' }, child.id)
    const early = { ...ended(child), endedAt: '2026-02-01T00:00:00.000Z' }
    await ports.tasks.endTask(early)
    await ports.tasks.settleTask(early)
    await end(parent)
    await ports.tasks.settleTask(early)
    expect(await expiryOf(child.id)).toEqual(all(TASK_GOES, REST_GOES))
  })

  it('keeps too much, never too little, wherever a call is interrupted; the next call completes it (expiry/X2)', async () => {
    const cutOff = new Error('cut off')
    for (const doing of ['settle', 'reopen'] as const) {
      for (let calls = 0, isWhole = false; !isWhole; calls++) {
        const task = await makeTask()
        if (doing === 'reopen') await end(task)
        else await ports.tasks.endTask(ended(task))
        let left = calls
        const client = new Proxy(dynamodb.client, {
          get: (real, name) =>
            name === 'send'
              ? async (command: never) => {
                  if (left-- <= 0) throw cutOff
                  return real.send(command)
                }
              : Reflect.get(real, name),
        })
        const again = { ...task, execution: 2 }
        const cut = storesOver(client).tasks
        const work = doing === 'settle' ? cut.settleTask(ended(task)) : cut.reopenTask(again, 1)
        isWhole = await work.then(
          () => true,
          (error: unknown) => {
            expect(error).toBe(cutOff)
            return false
          },
        )
        const now = await ports.tasks.findTask(task.id)
        if (now?.status === 'running') expect(await expiryOf(task.id)).toEqual(STAYS)
        if (doing === 'settle') await ports.tasks.settleTask(ended(task))
        else if (now?.status !== 'running') await ports.tasks.reopenTask(again, 1)
        expect(await expiryOf(task.id)).toEqual(doing === 'settle' ? all(TASK_GOES, REST_GOES) : STAYS)
        expect(calls).toBeLessThan(60)
      }
    }
  })

  it('expires with its parent and not before, at any depth (expiry/X1)', async () => {
    const [parentId, childId] = ['t_parent', 't_child']
    const below = await makeTask({ id: 't_below', parent: { taskId: childId, path: 's', depth: 2 } })
    const parentOf = { taskId: parentId, path: 's', depth: 1 }
    const child = await makeTask({ id: childId, parent: parentOf }, below.id)
    const parent = await makeTask({ id: parentId }, child.id)
    await end(below)
    await end(child)
    expect([await expiryOf(below.id), await expiryOf(child.id)]).toEqual([STAYS, STAYS])
    await end(parent)
    for (const { id } of [below, child]) {
      expect(await expiryOf(id)).toEqual(all(REST_GOES, REST_GOES))
      expect(marked).toContain(`tasks/${id}/`)
    }
    await ports.tasks.reopenTask({ ...parent, execution: 2 }, 1)
    for (const { id } of [below, child, parent]) {
      expect(await expiryOf(id)).toEqual(STAYS)
      expect(marked).not.toContain(`tasks/${id}/`)
    }
  })

  it('expires even if it ends after its parent', async () => {
    const child = await makeTask({ id: 't_late', parent: { taskId: 't_early', path: 's', depth: 1 } })
    await end(await makeTask({ id: 't_early' }, child.id))
    expect(await expiryOf(child.id)).toEqual(STAYS)
    await end(child)
    expect(await expiryOf(child.id)).toEqual(all(TASK_GOES, REST_GOES))
  })
})

describe('the stored values of a task', () => {
  it('are tagged; old ones are rewritten, because a lifecycle rule counts from the creation', async () => {
    const now = new Date('2026-03-01T12:00:00Z')
    const objects = [
      { Key: 'tasks/t/new.json', LastModified: new Date('2026-03-01T11:00:00Z') },
      { Key: 'tasks/t/old.json', LastModified: new Date('2026-01-01T00:00:00Z') },
    ]
    const sent: [string, unknown][] = []
    const client = withSend(new S3Client({ region: 'eu-west-1' }), async (command) => {
      if (command instanceof ListObjectsV2Command) {
        const { ContinuationToken, Prefix } = command.input
        expect(Prefix).toBe('tasks/t/')
        // One object per page.
        return ContinuationToken
          ? { Contents: objects.slice(1) }
          : { Contents: objects.slice(0, 1), NextContinuationToken: 'more' }
      }
      for (const kind of [PutObjectTaggingCommand, CopyObjectCommand, DeleteObjectTaggingCommand])
        if (command instanceof kind) sent.push([kind.name, command.input.Key])
      return {}
    })
    const blobs = s3ExpiringBlobs({ client, bucket: 'b', now: () => now })
    await blobs.mark('tasks/t/')
    expect(sent.splice(0)).toEqual([
      ['PutObjectTaggingCommand', 'tasks/t/new.json'],
      ['CopyObjectCommand', 'tasks/t/old.json'],
    ])
    await blobs.unmark('tasks/t/')
    expect(sent).toEqual([
      ['DeleteObjectTaggingCommand', 'tasks/t/new.json'],
      ['DeleteObjectTaggingCommand', 'tasks/t/old.json'],
    ])
  })
})
