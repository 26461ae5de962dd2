import { DeleteCommand, PutCommand, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import type { Queue, QueueEntry } from '../../../../shared/ports/index.ts'
import { callAws } from '../../aws-errors.ts'
import { queueKey, type TaskTable } from '../keys.ts'

/** One item for each task that waits, sorted by rank. */
export function dynamodbQueue({ client, table, mostOf }: TaskTable & { mostOf: Queue['mostOf'] }): Queue {
  const keyOf = (tenant: string, { rank, taskId }: QueueEntry) => ({
    pk: queueKey(tenant),
    sk: `${rank}#${taskId}`,
  })
  const query = (tenant: string, input: Partial<QueryCommandInput>) =>
    callAws(() =>
      client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk',
          ConsistentRead: true,
          ...input,
          ExpressionAttributeValues: { ':pk': queueKey(tenant), ...input.ExpressionAttributeValues },
        }),
      ),
    )

  return {
    mostOf,

    async add(tenant, entry) {
      const Item = { ...keyOf(tenant, entry), ...entry }
      await callAws(() => client.send(new PutCommand({ TableName: table, Item })))
    },

    async remove(tenant, entry) {
      const Key = keyOf(tenant, entry)
      await callAws(() => client.send(new DeleteCommand({ TableName: table, Key })))
    },

    async first(tenant) {
      const { Items: [item] = [] } = await query(tenant, { Limit: 1 })
      return item && { taskId: String(item.taskId), rank: String(item.rank) }
    },

    async countBefore(tenant, entry) {
      let count = 0
      let from: Record<string, unknown> | undefined
      do {
        const page = await query(tenant, {
          KeyConditionExpression: 'pk = :pk AND sk < :sk',
          ExpressionAttributeValues: { ':sk': keyOf(tenant, entry).sk },
          Select: 'COUNT',
          ...(from ? { ExclusiveStartKey: from } : {}),
        })
        count += page.Count ?? 0
        from = page.LastEvaluatedKey
      } while (from)
      return count
    },
  }
}
