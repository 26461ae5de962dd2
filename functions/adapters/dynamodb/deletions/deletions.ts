import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { TASK_INDEXES, TASK_ITEMS, VALUES_PREFIX } from '../../../../shared/contracts/table-layout.ts'
import type { DeletedTask } from '../../../../shared/domain/deleted-task.ts'
import { OPEN_TASK_STATUSES, runKey } from '../../../../shared/domain/task.ts'
import { taskFilesPrefix } from '../../../../shared/domain/task-file.ts'
import type { Deletions, IsTimeUp } from '../../../../shared/ports/deletions.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import type { ErasedObjects } from '../../s3/removal/erased-objects.ts'
import { deletedKey, outputKey, SHARDS, type TaskTable, taskKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'
import { queryPage } from '../query-page.ts'
import { closedMark, deletedIn, markOf } from './marks.ts'

const REFUSED = ['ConditionalCheckFailedException']
/** Items that are removed concurrently. */
const AT_ONCE = 50
const PAGE = 200
/** Sorts before, and after, every key of the index. */
const FIRST = ' '
const LAST = '~'

type Key = { pk: string; sk: string }

/** Marks in the place of the records of deleted tasks, and the removal of everything else that the tables and the bucket have of them. */
export function dynamodbDeletions({
  client,
  table,
  objects,
}: TaskTable & { objects: ErasedObjects }): Deletions {
  const remove = (Key: Key) => callAws(() => client.send(new DeleteCommand({ TableName: table, Key })))

  /** Only where it is the output of this task: another may have been kept under the same key since (deletion/D4). */
  async function forget(taskId: string, key: string): Promise<void> {
    const removal = new DeleteCommand({
      TableName: table,
      Key: outputKey(key),
      ConditionExpression: 'kept.#from.taskId = :task',
      ExpressionAttributeNames: { '#from': 'from' },
      ExpressionAttributeValues: { ':task': taskId },
    })
    await unlessAws(REFUSED, () => client.send(removal))
  }

  async function removeItem(taskId: string, key: Key): Promise<void> {
    if (key.sk.startsWith(TASK_ITEMS.kept)) await forget(taskId, key.sk.slice(TASK_ITEMS.kept.length))
    await remove(key)
  }

  /** Everything in a partition but the mark. */
  async function emptyPartition(taskId: string, pk: string, isTimeUp: IsTimeUp): Promise<boolean> {
    let from: Record<string, unknown> | undefined
    do {
      const page = await queryPage(client, {
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ProjectionExpression: 'pk, sk',
        ExpressionAttributeValues: { ':pk': pk },
        ConsistentRead: true,
        Limit: PAGE,
        ...(from ? { ExclusiveStartKey: from } : {}),
      })
      const keys = page.items
        .map(({ sk }) => ({ pk, sk: String(sk) }))
        .filter(({ sk }) => sk !== TASK_ITEMS.task)
      for (let at = 0; at < keys.length; at += AT_ONCE) {
        if (isTimeUp()) return false
        await Promise.all(keys.slice(at, at + AT_ONCE).map((key) => removeItem(taskId, key)))
      }
      from = page.from
    } while (from)
    return true
  }

  /** Marks of all shards that are due before a time; `filter` further restricts them. */
  async function marks(dueBefore: string, limit: number, tenant?: string): Promise<DeletedTask[]> {
    const found = await Promise.all(
      SHARDS.map((shard) =>
        queryAll(client, {
          TableName: table,
          IndexName: TASK_INDEXES.open.name,
          KeyConditionExpression: 'openKey = :pk AND createdKey BETWEEN :first AND :before',
          ...(tenant === undefined
            ? {}
            : {
                FilterExpression: 'mark.#tenant = :tenant',
                ExpressionAttributeNames: { '#tenant': 'tenant' },
              }),
          ExpressionAttributeValues: {
            ':pk': deletedKey(shard),
            ':first': FIRST,
            ':before': dueBefore,
            ...(tenant === undefined ? {} : { ':tenant': tenant }),
          },
          ...(tenant === undefined ? { Limit: limit } : {}),
        }),
      ),
    )
    return found
      .flat()
      .map(deletedIn)
      .sort((a, b) => (a.due < b.due ? -1 : 1))
      .slice(0, limit)
  }

  /** Replaces a mark that is still in the pass of the one that was read: a slow worker takes nothing back. */
  async function replace({ pass }: DeletedTask, Item: Record<string, unknown>): Promise<void> {
    const put = new PutCommand({
      TableName: table,
      Item,
      ConditionExpression: 'mark.#pass = :pass',
      ExpressionAttributeNames: { '#pass': 'pass' },
      ExpressionAttributeValues: { ':pass': pass },
    })
    await unlessAws(REFUSED, () => client.send(put))
  }

  return {
    async markDeleted({ id, tenant, execution, stateMachineArn, createdAt, endedAt }, at) {
      const open = Object.fromEntries(OPEN_TASK_STATUSES.map((status, index) => [`:s${index}`, status]))
      const marked = { id, tenant, executions: execution, stateMachineArn, createdAt, endedAt, deletedAt: at }
      const mark = new PutCommand({
        TableName: table,
        Item: markOf({ ...marked, pass: 'first', due: at }),
        ConditionExpression: `NOT #status IN (${Object.keys(open).join(', ')}) AND #execution = :execution`,
        ExpressionAttributeNames: { '#status': 'status', '#execution': 'execution' },
        ExpressionAttributeValues: { ...open, ':execution': execution },
      })
      return (await unlessAws(REFUSED, () => client.send(mark))) !== undefined
    },

    listDeleted: ({ dueBefore, limit }) => marks(dueBefore, limit),

    hasDeleted: async (tenant) => (await marks(LAST, 1, tenant)).length > 0,

    async eraseTask({ id, tenant, executions }, isTimeUp) {
      for (let execution = 1; execution <= executions; execution++) {
        const pk = taskKey(runKey({ taskId: id, execution }))
        if (!(await emptyPartition(id, pk, isTimeUp))) return false
      }
      for (const prefix of [`${VALUES_PREFIX}${id}/`, taskFilesPrefix({ tenant, id })])
        if (!(await objects.removeAll(prefix, isTimeUp))) return false
      return true
    },

    passOn: (task, next) => replace(task, markOf({ ...task, ...next })),

    closeMark: (task, until) => replace(task, closedMark(task, until)),
  }
}
