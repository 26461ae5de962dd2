import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { TASK_INDEXES } from '../../../../shared/contracts/table-layout.ts'
import type { Wait, Waits } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { approvalsKey, SHARDS, shardOf, type TaskTable, taskKey, waitKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'

/** One item for each waiting step, in the partition of its task; approvals are also in the index of open tasks. */
export function dynamodbWaits({ client, table }: TaskTable): Waits {
  /** Removes a wait for which the condition holds. */
  const remove = async (
    { taskId, path }: Pick<Wait, 'taskId' | 'path'>,
    onlyIf?: { condition: string; value: string | number },
  ): Promise<void> => {
    const conditional = onlyIf && {
      ConditionExpression: onlyIf.condition,
      ExpressionAttributeValues: { ':value': onlyIf.value },
    }
    const Key = { pk: taskKey(taskId), sk: waitKey(path) }
    const removal = new DeleteCommand({ TableName: table, Key, ...conditional })
    await unlessAws(['ConditionalCheckFailedException'], () => client.send(removal))
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

    removeWait: ({ since, ...wait }) =>
      remove(wait, since === undefined ? undefined : { condition: 'since = :value', value: since }),

    hasWaits: async (taskId) => (await waitsOf(taskId, { limit: 1 })).length > 0,

    async findWaitsInside(taskId, path) {
      const paths = (await waitsOf(taskId, { path })).map((wait) => String(wait.path))
      return paths.filter((one) => ['.', '['].includes(one.charAt(path.length)))
    },

    async clearWaits(taskId, execution) {
      // The condition is evaluated by the write, not by the read before: meanwhile the step may wait again, in a later
      // execution.
      const onlyIf = { condition: 'attribute_not_exists(execution) OR execution <= :value', value: execution }
      for (const { path } of await waitsOf(taskId)) await remove({ taskId, path: String(path) }, onlyIf)
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
    execution: Number(item.execution),
    kind: kindIn(item.kind),
    since: text('since'),
    until: text('until'),
  }
}

const KINDS = ['approval', 'time', 'message', 'suspended'] as const satisfies readonly Wait['kind'][]

const kindIn = (kind: unknown): Wait['kind'] => KINDS.find((one) => one === kind) ?? 'time'
