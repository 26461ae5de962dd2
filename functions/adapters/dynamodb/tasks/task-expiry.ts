import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { EXPIRY_ATTRIBUTE, TASK_ITEMS, VALUES_PREFIX } from '../../../../shared/contracts/table-layout.ts'
import { OPEN_TASK_STATUSES, runKey } from '../../../../shared/domain/task.ts'
import { taskFilesPrefix } from '../../../../shared/domain/task-file.ts'
import { unlessAws } from '../../aws-errors.ts'
import { type TaskTable, taskItemKey, taskKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'
import type { Expiry } from './expiry-after.ts'

/** Values and files of tasks in the bucket: marked, the bucket's lifecycle removes them. */
export type ExpiringBlobs = {
  /**
   * Marks all objects under a prefix. Old objects are rewritten, because the lifecycle rule counts from an object's
   * creation.
   */
  mark(prefix: string): Promise<void>
  unmark(prefix: string): Promise<void>
}

export type Run = { id: string; tenant: string; execution: number }
type Key = { pk: string; sk: string }
type Filter = { expression: string; values?: Record<string, unknown> }

/** How many items are written concurrently. */
const AT_ONCE = 50
const GONE = ['ConditionalCheckFailedException']

/** Sets and removes the expiry of a task's items and stored values. */
export function taskExpiry({ client, table, blobs }: TaskTable & { blobs: ExpiringBlobs }) {
  const names = { '#expiry': EXPIRY_ATTRIBUTE }

  /** The keys of all items of a task, in all its executions, that match `filter`. */
  async function keysOf({ id, execution }: Run, filter: Filter): Promise<Key[]> {
    const partitions = Array.from({ length: execution }, (_, at) => runKey({ taskId: id, execution: at + 1 }))
    const found = await Promise.all(partitions.map((key) => keysIn(taskKey(key), filter)))
    return found.flat()
  }

  async function keysIn(pk: string, { expression, values = {} }: Filter): Promise<Key[]> {
    const items = await queryAll(client, {
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      // Skips items that already have this expiry, because a task may be settled more than once.
      FilterExpression: expression,
      ProjectionExpression: 'pk, sk',
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ':pk': pk, ...values },
      ConsistentRead: true,
    })
    return items.map((item) => ({ pk: String(item.pk), sk: String(item.sk) }))
  }

  async function forAll<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
    for (let at = 0; at < all.length; at += AT_ONCE) await Promise.all(all.slice(at, at + AT_ONCE).map(work))
  }

  return {
    /** Sets the expiry of everything of a task except its own item. */
    async expireRest(run: Run, { rest }: Expiry): Promise<void> {
      const other = {
        expression: 'attribute_not_exists(#expiry) OR #expiry <> :rest',
        values: { ':rest': rest },
      }
      const keys = (await keysOf(run, other)).filter(({ sk }) => sk !== TASK_ITEMS.task)
      await forAll(keys, (Key) => {
        const update = new UpdateCommand({
          TableName: table,
          Key,
          UpdateExpression: 'SET #expiry = :rest',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: { ':rest': rest },
        })
        return unlessAws(GONE, () => client.send(update))
      })
      for (const prefix of prefixesOf(run)) await blobs.mark(prefix)
    },

    /** Sets the expiry of the task's own item, unless the task is open. */
    async expireTask({ id }: Run, seconds: number): Promise<void> {
      const open = Object.fromEntries(OPEN_TASK_STATUSES.map((status, index) => [`:s${index}`, status]))
      const update = new UpdateCommand({
        TableName: table,
        Key: taskItemKey(id),
        UpdateExpression: 'SET #expiry = :seconds',
        ConditionExpression: `attribute_exists(statusKey) AND NOT #status IN (${Object.keys(open).join(', ')})`,
        ExpressionAttributeNames: { ...names, '#status': 'status' },
        ExpressionAttributeValues: { ...open, ':seconds': seconds },
      })
      await unlessAws(GONE, () => client.send(update))
    },

    async keep(run: Run): Promise<void> {
      for (const prefix of prefixesOf(run)) await blobs.unmark(prefix)
      await forAll(await keysOf(run, { expression: 'attribute_exists(#expiry)' }), (Key) => {
        const update = new UpdateCommand({
          TableName: table,
          Key,
          UpdateExpression: 'REMOVE #expiry',
          // The mark of a task that was deleted meanwhile keeps its own.
          ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(deletedAt)',
          ExpressionAttributeNames: names,
        })
        return unlessAws(GONE, () => client.send(update))
      })
    },
  }
}
/** What a task has in the bucket: values, and files that agents have written. */
const prefixesOf = (run: Run): string[] => [`${VALUES_PREFIX}${run.id}/`, taskFilesPrefix(run)]

export type TaskExpiry = ReturnType<typeof taskExpiry>
