import { GetCommand, PutCommand, type QueryCommandInput, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { EXPIRY_ATTRIBUTE, TASK_INDEXES } from '../../../../shared/contracts/table-layout.ts'
import {
  boundedTask,
  type EndedTask,
  isOpenTask,
  OPEN_TASK_STATUSES,
  type OpenTask,
  type Task,
} from '../../../../shared/domain/task.ts'
import type { Tasks } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { isMark } from '../deletions/marks.ts'
import { openKey, SHARDS, shardOf, statusKey, type TaskTable, taskItemKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'
import { expiryAfter } from './expiry-after.ts'
import { listTasks } from './list-tasks.ts'
import { createdKeyOf, taskIn } from './task-items.ts'

type QueryInput = Omit<QueryCommandInput, 'TableName'> & { Limit: number }

/** `days`: how long an ended root task is kept; without it, forever. */
export function dynamodbTasks({ client, table, days }: TaskTable & { days?: number }): Tasks {
  const query = async (input: QueryInput): Promise<Task[]> =>
    (await queryAll(client, { TableName: table, ...input })).map(taskIn)

  return {
    async createTask(task: OpenTask): Promise<boolean> {
      const put = new PutCommand({
        TableName: table,
        Item: itemOf(task),
        ConditionExpression: 'attribute_not_exists(pk)',
      })
      return (await unlessAws(['ConditionalCheckFailedException'], () => client.send(put))) !== undefined
    },

    async findTask(taskId: string): Promise<Task | undefined> {
      const get = new GetCommand({
        TableName: table,
        Key: taskItemKey(taskId),
        ConsistentRead: true,
      })
      const { Item } = await callAws(() => client.send(get))
      return Item && !isMark(Item) ? taskIn(Item) : undefined
    },

    async isDeleted(taskId) {
      const get = new GetCommand({ TableName: table, Key: taskItemKey(taskId), ConsistentRead: true })
      const { Item } = await callAws(() => client.send(get))
      return Item !== undefined && isMark(Item)
    },

    async beginTask(task: OpenTask): Promise<boolean> {
      const put = new PutCommand({
        TableName: table,
        Item: itemOf(task),
        ConditionExpression: '#status = :queued AND #execution = :execution',
        ExpressionAttributeNames: { '#status': 'status', '#execution': 'execution' },
        ExpressionAttributeValues: { ':queued': 'queued', ':execution': task.execution },
      })
      return (await unlessAws(['ConditionalCheckFailedException'], () => client.send(put))) !== undefined
    },

    async setWaiting({ id, tenant, execution }, to): Promise<boolean> {
      const update = new UpdateCommand({
        TableName: table,
        Key: taskItemKey(id),
        UpdateExpression: 'SET #status = :to, statusKey = :key',
        ConditionExpression: '#status IN (:from, :planning) AND #execution = :execution',
        ExpressionAttributeNames: { '#status': 'status', '#execution': 'execution' },
        ExpressionAttributeValues: {
          ':from': to === 'waiting' ? 'running' : 'waiting',
          ':planning': 'planning',
          ':to': to,
          ':key': statusKey(tenant, to, shardOf(id)),
          ':execution': execution,
        },
      })
      return (await unlessAws(['ConditionalCheckFailedException'], () => client.send(update))) !== undefined
    },

    async markWatched(taskId, until) {
      const update = new UpdateCommand({
        TableName: table,
        Key: taskItemKey(taskId),
        UpdateExpression: 'SET watchedUntil = :until',
        // An index of open tasks, and of marks of deleted ones, which have no status key.
        ConditionExpression: 'attribute_exists(openKey) AND attribute_exists(statusKey)',
        ExpressionAttributeValues: { ':until': until },
      })
      await unlessAws(['ConditionalCheckFailedException'], () => client.send(update))
    },

    async endTask(task): Promise<boolean> {
      const open = Object.fromEntries(OPEN_TASK_STATUSES.map((status, index) => [`:s${index}`, status]))
      const put = new PutCommand({
        TableName: table,
        Item: { ...itemOf(task), ...expiryOf(task, days) },
        ConditionExpression: `#status IN (${Object.keys(open).join(', ')}) AND #execution = :execution`,
        ExpressionAttributeNames: { '#status': 'status', '#execution': 'execution' },
        ExpressionAttributeValues: { ...open, ':execution': task.execution },
      })
      return (await unlessAws(['ConditionalCheckFailedException'], () => client.send(put))) !== undefined
    },

    /** Does nothing: `expiringTasks` wraps this port in stages where tasks expire. */
    async settleTask(): Promise<void> {},

    async reopenTask(task, before): Promise<boolean> {
      const open = Object.fromEntries(OPEN_TASK_STATUSES.map((status, index) => [`:s${index}`, status]))
      const put = new PutCommand({
        TableName: table,
        Item: itemOf(task),
        ConditionExpression: `NOT #status IN (${Object.keys(open).join(', ')}) AND #execution = :before`,
        ExpressionAttributeNames: { '#status': 'status', '#execution': 'execution' },
        ExpressionAttributeValues: { ...open, ':before': before },
      })
      return (await unlessAws(['ConditionalCheckFailedException'], () => client.send(put))) !== undefined
    },

    listTasks: listTasks({ client, table }),

    async listOpenTasks({ createdBefore, after, limit }): Promise<OpenTask[]> {
      const pages = await Promise.all(
        SHARDS.map((shard) =>
          query({
            IndexName: TASK_INDEXES.open.name,
            // BETWEEN includes its bounds: a space sorts before every id, a tilde after.
            KeyConditionExpression: 'openKey = :pk AND createdKey BETWEEN :after AND :before',
            ExpressionAttributeValues: {
              ':pk': openKey(shard),
              ':after': after ? `${createdKeyOf(after)}~` : ' ',
              ':before': createdBefore,
            },
            Limit: limit,
          }),
        ),
      )
      return pages
        .flat()
        .filter(isOpenTask)
        .sort((a, b) => (createdKeyOf(a) < createdKeyOf(b) ? -1 : 1))
        .slice(0, limit)
    },
  }
}

/** No expiry for a child: it is kept as long as its parent, which may be retried later. */
function expiryOf({ parent, endedAt }: EndedTask, days: number | undefined): Record<string, unknown> {
  return days === undefined || parent ? {} : { [EXPIRY_ATTRIBUTE]: expiryAfter(endedAt, days).task }
}

/** The open index is sparse: an ended task has no key in it. */
function itemOf(task: Task): Record<string, unknown> {
  const shard = shardOf(task.id)
  return {
    ...taskItemKey(task.id),
    ...boundedTask(task),
    // Stored as text, because callers choose the names.
    metadata: JSON.stringify(task.metadata),
    statusKey: statusKey(task.tenant, task.status, shard),
    createdKey: createdKeyOf(task),
    ...(isOpenTask(task) ? { openKey: openKey(shard) } : {}),
  }
}
