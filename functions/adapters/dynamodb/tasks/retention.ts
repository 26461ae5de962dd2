import { GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { EXPIRY_ATTRIBUTE, TASK_ITEMS } from '../../../../shared/contracts/table-layout.ts'
import { isOpenTask } from '../../../../shared/domain/task.ts'
import type { Steps, Tasks } from '../../../../shared/ports/index.ts'
import type { Expiring, Retention, RetentionPass } from '../../../../shared/ports/retention.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { passKey, type TaskTable } from '../keys.ts'
import { expiryOfTasks } from './expiring-tasks.ts'
import { expiryAfter } from './expiry-after.ts'
import { type ExpiringBlobs, taskExpiry } from './task-expiry.ts'
import { taskIn } from './task-items.ts'

type Settings = TaskTable & {
  /** The name of the table with the registry, where the pass is noted. */
  registry: string
  blobs: ExpiringBlobs
  tasks: Pick<Tasks, 'findTask'>
  steps: Pick<Steps, 'listSteps'>
  days: number | undefined
}
type Item = Record<string, unknown>

const KEY = passKey('retention')
/** Items that a page reads: most of them are no tasks. */
const PAGE = 1_000
const REFUSED = ['ConditionalCheckFailedException']

const PassSchema = z.object({
  days: z.number().optional(),
  cursor: z.string().optional(),
  done: z.boolean(),
  changed: z.number(),
  revision: z.number(),
})

export function dynamodbRetention({
  client,
  table,
  registry,
  blobs,
  tasks,
  steps,
  days,
}: Settings): Retention {
  const expiryBy = (marks: ExpiringBlobs) =>
    expiryOfTasks(tasks, { steps, expiry: taskExpiry({ client, table, blobs: marks }), days: days ?? 0 })
  const first = expiryBy(blobs)
  // Objects of a task that has expired before are marked: their age counts, and another mark would begin it anew.
  const again = expiryBy({ ...blobs, mark: async () => {} })

  return {
    days,

    async findPass() {
      const get = new GetCommand({ TableName: registry, Key: KEY, ConsistentRead: true })
      const { Item } = await callAws(() => client.send(get))
      if (!Item) return undefined
      const { days: of, cursor, ...pass } = PassSchema.parse(Item)
      return {
        ...pass,
        ...(of === undefined ? {} : { days: of }),
        ...(cursor === undefined ? {} : { cursor }),
      }
    },

    async savePass(pass: RetentionPass) {
      const put = new PutCommand({
        TableName: registry,
        Item: { ...KEY, ...pass, revision: pass.revision + 1 },
        ConditionExpression: pass.revision === 0 ? 'attribute_not_exists(pk)' : 'revision = :revision',
        ...(pass.revision === 0 ? {} : { ExpressionAttributeValues: { ':revision': pass.revision } }),
      })
      return (await unlessAws(REFUSED, () => client.send(put))) !== undefined
    },

    async listEnded(cursor) {
      const scan = new ScanCommand({
        TableName: table,
        Limit: PAGE,
        // The record of a task, which is no mark of one that was deleted.
        FilterExpression: 'sk = :task AND attribute_exists(statusKey)',
        ExpressionAttributeValues: { ':task': TASK_ITEMS.task },
        ...(cursor === undefined ? {} : { ExclusiveStartKey: JSON.parse(cursor) as Item }),
      })
      const { Items = [], LastEvaluatedKey } = await callAws(() => client.send(scan))
      const found = Items.flatMap((item): Expiring[] => {
        const task = taskIn(item)
        const expiresAt = item[EXPIRY_ATTRIBUTE]
        if (isOpenTask(task) || task.parent) return []
        return [{ task, ...(typeof expiresAt === 'number' ? { expiresAt } : {}) }]
      })
      return { tasks: found, ...(LastEvaluatedKey ? { cursor: JSON.stringify(LastEvaluatedKey) } : {}) }
    },

    async applyTo({ task, expiresAt }) {
      if (days === undefined) {
        await first.keepAll(task)
        return expiresAt !== undefined
      }
      // The item of the task is written last (expiry/X2): where it is right, all of it is.
      if (expiresAt === expiryAfter(task.endedAt, days).task) return false
      await (expiresAt === undefined ? first : again).settle(task)
      return true
    },
  }
}
