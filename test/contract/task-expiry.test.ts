import {
  CopyObjectCommand,
  DeleteObjectTaggingCommand,
  ListObjectsV2Command,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dynamodbTaskStore } from '../../functions/adapters/dynamodb-task-store.ts'
import { expiringTaskStore } from '../../functions/adapters/expiring-task-store.ts'
import { nodeIds, systemClock } from '../../functions/adapters/node-ids.ts'
import { s3ExpiringBlobs } from '../../functions/adapters/s3-expiring-blobs.ts'
import { taskExpiry } from '../../functions/adapters/task-expiry.ts'
import { TASK_INDEXES } from '../../shared/contracts/table-layout.ts'
import type { OpenTask } from '../../shared/domain/task.ts'
import type { TaskStore } from '../../shared/ports/index.ts'
import { createTable, startDynamoDB } from '../support/start-dynamodb.ts'

const DAYS = 30
const DAY = 86_400
const ENDED_AT = '2026-03-01T00:00:00.000Z'
const TASK_GOES = Date.parse(ENDED_AT) / 1_000 + DAYS * DAY
const REST_GOES = TASK_GOES + 7 * DAY

let dynamodb: Awaited<ReturnType<typeof startDynamoDB>>
let plain: TaskStore
let tasks: TaskStore
/** Prefixes of stored values that will go. */
const marked = new Set<string>()
let count = 0

beforeAll(async () => {
  dynamodb = await startDynamoDB()
  const { client } = dynamodb
  await createTable(client, 'tasks', TASK_INDEXES)
  const blobs = { put: async () => {}, get: async () => '1' }
  const { digest } = nodeIds(systemClock)
  plain = dynamodbTaskStore({ client, table: 'tasks', blobs, digest, days: DAYS })
  const marks = {
    mark: async (prefix: string) => void marked.add(prefix),
    unmark: async (prefix: string) => void marked.delete(prefix),
  }
  const expiry = taskExpiry({ client, table: 'tasks', blobs: marks })
  tasks = expiringTaskStore(plain, { expiry, days: DAYS })
})
afterAll(() => dynamodb.stop())

const openTask = (more: Partial<OpenTask> = {}): OpenTask => ({
  id: `t_x${String(++count).padStart(25, '0')}`,
  status: 'running',
  tenant: 'default',
  workflow: { name: 'w', version: 1 },
  stateMachineArn: 'arn:aws:states:us-east-1:1:stateMachine:w',
  execution: 1,
  requestDigest: 'd',
  createdAt: '2026-01-01T00:00:00.000Z',
  metadata: {},
  ...more,
})
const ended = (task: OpenTask) =>
  ({ ...task, status: 'failed', endedAt: ENDED_AT, error: { name: 'X', message: 'x' } }) as const

/** A task with an item of every kind that a task may have. */
async function makeTask(more: Partial<OpenTask> = {}, child?: string): Promise<OpenTask> {
  const task = openTask(more)
  await tasks.createTask(task)
  await tasks.createPlan({ taskId: task.id, requestDigest: 'd' } as never)
  const own = { taskId: task.id, path: 's', owner: 'o', fence: '1' }
  await tasks.takeOverStep(own, { startedAt: '2026-01-01T00:00:00.000Z' })
  if (child !== undefined) await tasks.noteStep(own, { child })
  await tasks.passGate(task.id, 'g', 's')
  for (const sk of ['BUDGET', 'ONCE#s#key'])
    await dynamodb.client.send(new PutCommand({ TableName: 'tasks', Item: { pk: `TASK#${task.id}`, sk } }))
  return task
}

/** When each item of a task goes; 0 where it stays. */
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
  it('has nothing that expires while it is open, and all that it has afterwards, itself first (XP1, XP3)', async () => {
    const task = await makeTask()
    expect(await expiryOf(task.id)).toEqual(STAYS)
    expect(await tasks.endTask(ended(task))).toBe(true)
    expect(await expiryOf(task.id)).toEqual(all(TASK_GOES, REST_GOES))
    expect(marked).toContain(`tasks/${task.id}/`)
    // It reads as before.
    expect(await tasks.findTask(task.id)).toEqual(ended(task))
  })

  it('keeps everything once it is opened again, and lets all of both executions go at the end', async () => {
    const task = await makeTask()
    await tasks.endTask(ended(task))
    const again = { ...task, execution: 2 }
    expect(await tasks.reopenTask(again, 1)).toBe(true)
    await tasks.passGate(`${task.id}-2`, 'g', 's')
    expect(await expiryOf(task.id)).toEqual(STAYS)
    expect(marked).not.toContain(`tasks/${task.id}/`)
    await tasks.endTask(ended(again))
    expect(await expiryOf(task.id)).toEqual(all(TASK_GOES, REST_GOES))
    expect(await expiryOf(`${task.id}-2`)).toEqual({ 'GATE#g': REST_GOES })
  })

  it('expires as it did after a retry that came too late to open it', async () => {
    const task = await makeTask()
    await tasks.endTask(ended(task))
    expect(await tasks.reopenTask({ ...task, execution: 3 }, 2)).toBe(false)
    expect(await expiryOf(task.id)).toEqual(all(TASK_GOES, REST_GOES))
    expect(marked).toContain(`tasks/${task.id}/`)
  })

  it('keeps everything where a late end finds it opened again (XP1)', async () => {
    const task = await makeTask()
    await tasks.endTask(ended(task))
    await tasks.reopenTask({ ...task, execution: 2 }, 1)
    expect(await tasks.endTask(ended(task))).toBe(false)
    expect(await expiryOf(task.id)).toEqual(STAYS)
  })

  it('goes with its parent, and not before, however deep it is (XP1)', async () => {
    const [parentId, childId] = ['t_parent', 't_child']
    const below = await makeTask({ id: 't_below', parent: { taskId: childId, path: 's', depth: 2 } })
    const parentOf = { taskId: parentId, path: 's', depth: 1 }
    const child = await makeTask({ id: childId, parent: parentOf }, below.id)
    const parent = await makeTask({ id: parentId }, child.id)
    await tasks.endTask(ended(below))
    await tasks.endTask(ended(child))
    expect([await expiryOf(below.id), await expiryOf(child.id)]).toEqual([STAYS, STAYS])
    await tasks.endTask(ended(parent))
    for (const { id } of [below, child]) {
      expect(await expiryOf(id)).toEqual(all(REST_GOES, REST_GOES))
      expect(marked).toContain(`tasks/${id}/`)
    }
    await tasks.reopenTask({ ...parent, execution: 2 }, 1)
    for (const { id } of [below, child, parent]) {
      expect(await expiryOf(id)).toEqual(STAYS)
      expect(marked).not.toContain(`tasks/${id}/`)
    }
  })

  it('goes also where it ends after its parent', async () => {
    const child = await makeTask({ id: 't_late', parent: { taskId: 't_early', path: 's', depth: 1 } })
    await tasks.endTask(ended(await makeTask({ id: 't_early' }, child.id)))
    expect(await expiryOf(child.id)).toEqual(STAYS)
    await tasks.endTask(ended(child))
    expect(await expiryOf(child.id)).toEqual(all(TASK_GOES, REST_GOES))
  })
})

describe('the stored values of a task', () => {
  it('are tagged; what had been old when the task ended is written anew, for a lifecycle counts from there', async () => {
    const now = new Date('2026-03-01T12:00:00Z')
    const objects = [
      { Key: 'tasks/t/new.json', LastModified: new Date('2026-03-01T11:00:00Z') },
      { Key: 'tasks/t/old.json', LastModified: new Date('2026-01-01T00:00:00Z') },
    ]
    const sent: [string, unknown][] = []
    const send = async (command: { input: Record<string, unknown> }): Promise<object> => {
      if (command instanceof ListObjectsV2Command) {
        const { ContinuationToken, Prefix } = command.input
        expect(Prefix).toBe('tasks/t/')
        // A page each.
        return ContinuationToken
          ? { Contents: objects.slice(1) }
          : { Contents: objects.slice(0, 1), NextContinuationToken: 'more' }
      }
      for (const kind of [PutObjectTaggingCommand, CopyObjectCommand, DeleteObjectTaggingCommand])
        if (command instanceof kind) sent.push([kind.name, command.input.Key])
      return {}
    }
    const blobs = s3ExpiringBlobs({ client: { send } as unknown as S3Client, bucket: 'b', now: () => now })
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
