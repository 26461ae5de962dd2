import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { TASK_INDEXES } from '../../../../shared/contracts/table-layout.ts'
import type { Wait, Waits } from '../../../../shared/ports/index.ts'
import { callAws } from '../../aws-errors.ts'
import { approvalsKey, SHARDS, shardOf, type TaskTable, taskKey, waitKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'

/** One item for each step that waits, in the partition of its task; approvals are in the index of what is open as well. */
export function dynamodbWaits({ client, table }: TaskTable): Waits {
  const remove = async ({ taskId, path }: Pick<Wait, 'taskId' | 'path'>): Promise<void> => {
    const Key = { pk: taskKey(taskId), sk: waitKey(path) }
    await callAws(() => client.send(new DeleteCommand({ TableName: table, Key })))
  }
  const waitsOf = (taskId: string, { limit, path = '' }: { limit?: number; path?: string } = {}) =>
    queryAll(client, {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :waits)',
      ExpressionAttributeValues: { ':pk': taskKey(taskId), ':waits': waitKey(path) },
      ConsistentRead: true,
      ...(limit === undefined ? {} : { Limit: limit }),
    })

  return {
    async addWait(wait) {
      const { taskId, path, tenant, kind } = wait
      const inIndex = { openKey: approvalsKey(tenant, shardOf(taskId)), createdKey: approvalKey(wait) }
      const Item = {
        pk: taskKey(taskId),
        sk: waitKey(path),
        ...wait,
        ...(kind === 'approval' ? inIndex : {}),
      }
      await callAws(() => client.send(new PutCommand({ TableName: table, Item })))
    },

    removeWait: remove,

    hasWaits: async (taskId) => (await waitsOf(taskId, { limit: 1 })).length > 0,

    async findWaitsInside(taskId, path) {
      const paths = (await waitsOf(taskId, { path })).map((wait) => String(wait.path))
      return paths.filter((one) => ['.', '['].includes(one.charAt(path.length)))
    },

    async clearWaits(taskId) {
      for (const { path } of await waitsOf(taskId)) await remove({ taskId, path: String(path) })
    },

    async listApprovals({ tenant, limit, cursor }) {
      const pages = await Promise.all(
        SHARDS.map((shard) =>
          queryAll(client, {
            TableName: table,
            IndexName: TASK_INDEXES.open.name,
            KeyConditionExpression: 'openKey = :pk AND createdKey > :after',
            ExpressionAttributeValues: { ':pk': approvalsKey(tenant, shard), ':after': cursor ?? ' ' },
            Limit: limit + 1,
          }),
        ),
      )
      const waits = pages
        .flat()
        .map(waitIn)
        .sort((a, b) => (approvalKey(a) < approvalKey(b) ? -1 : 1))
      const last = waits[limit - 1]
      return {
        waits: waits.slice(0, limit),
        ...(waits.length > limit && last ? { cursor: approvalKey(last) } : {}),
      }
    },
  }
}

const approvalKey = ({ until, taskId, path }: Wait): string => `${until}#${taskId}#${path}`

function waitIn(item: Record<string, unknown>): Wait {
  const text = (name: string): string => String(item[name])
  return {
    taskId: text('taskId'),
    path: text('path'),
    tenant: text('tenant'),
    kind: item.kind === 'approval' ? 'approval' : 'time',
    since: text('since'),
    until: text('until'),
  }
}
