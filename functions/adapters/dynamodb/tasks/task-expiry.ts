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
  /** For every object under a prefix. An object older than the end of its task begins to age anew. */
  mark(prefix: string): Promise<void>
  unmark(prefix: string): Promise<void>
}

export type Run = { id: string; tenant: string; execution: number }
type Key = { pk: string; sk: string }
type Filter = { expression: string; values?: Record<string, unknown> }

/** Items that are written at once. */
const AT_ONCE = 50
const GONE = ['ConditionalCheckFailedException']

/** Sets and takes back when the items and stored values of a task expire. */
export function taskExpiry({ client, table, blobs }: TaskTable & { blobs: ExpiringBlobs }) {
  const names = { '#expiry': EXPIRY_ATTRIBUTE }

  /** The keys of what a task has, in every execution that it has had, as far as it fits `filter`. */
  async function keysOf({ id, execution }: Run, filter: Filter): Promise<Key[]> {
    const partitions = Array.from({ length: execution }, (_, at) => runKey({ taskId: id, execution: at + 1 }))
    const found = await Promise.all(partitions.map((key) => keysIn(taskKey(key), filter)))
    return found.flat()
  }

  async function keysIn(pk: string, { expression, values = {} }: Filter): Promise<Key[]> {
    const items = await queryAll(client, {
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      // What is marked already is not written again: a task is settled more than once.
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
    /** Everything but the task itself. */
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

    /** The task itself, unless it is open. */
    async expireTask({ id }: Run, seconds: number): Promise<void> {
      const open = Object.fromEntries(OPEN_TASK_STATUSES.map((status, index) => [`:s${index}`, status]))
      const update = new UpdateCommand({
        TableName: table,
        Key: taskItemKey(id),
        UpdateExpression: 'SET #expiry = :seconds',
        ConditionExpression: `attribute_exists(pk) AND NOT #status IN (${Object.keys(open).join(', ')})`,
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
          ConditionExpression: 'attribute_exists(pk)',
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
