import { TASK_INDEXES, TASK_ITEMS } from '../../../../shared/contracts/table-layout.ts'
import { OrchestratorError } from '../../../../shared/domain/errors.ts'
import type { Messages } from '../../../../shared/ports/index.ts'
import { mailboxKey, SHARDS, type TaskTable, taskKey, unrungKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'
import { queryPage } from '../query-page.ts'
import { messageIn } from './message-items.ts'

/** The messages of a task, those to one recipient, and those of all tasks with which something is to be done. */
export function messageQueries({
  client,
  table,
}: TaskTable): Pick<Messages, 'listMessages' | 'openMessages' | 'listUnrung'> {
  return {
    async listMessages({ taskId, to, limit, cursor }) {
      const prefix = to === undefined ? TASK_ITEMS.message : mailboxKey(to)
      // DynamoDB refuses to begin outside of what is asked for.
      if (cursor !== undefined && !`${TASK_ITEMS.message}${cursor}`.startsWith(prefix))
        throw new OrchestratorError(
          'InvalidInputError',
          `"cursor" is that of a list with another "to" than "${to}"; take the one that the last page gave`,
        )
      const { items, from } = await queryPage(client, {
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': taskKey(taskId), ':prefix': prefix },
        ConsistentRead: true,
        Limit: limit,
        ...(cursor === undefined
          ? {}
          : { ExclusiveStartKey: { pk: taskKey(taskId), sk: TASK_ITEMS.message + cursor } }),
      })
      const next = from && { cursor: String(from.sk).slice(TASK_ITEMS.message.length) }
      return { messages: items.map(messageIn), ...next }
    },

    async openMessages(taskId, to) {
      const items = await queryAll(client, {
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :mailbox)',
        FilterExpression: '#status IN (:sent, :kept, :taken)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ':pk': taskKey(taskId),
          ':mailbox': mailboxKey(to),
          ':sent': 'sent',
          ':kept': 'kept',
          ':taken': 'taken',
        },
        ConsistentRead: true,
      })
      return items.map(messageIn)
    },

    async listUnrung({ before, limit }) {
      const found = await Promise.all(
        SHARDS.map((shard) =>
          queryAll(client, {
            TableName: table,
            IndexName: TASK_INDEXES.open.name,
            KeyConditionExpression: 'openKey = :pk AND createdKey < :before',
            ExpressionAttributeValues: { ':pk': unrungKey(shard), ':before': before },
            Limit: limit,
          }),
        ),
      )
      const all = found.flat().map(messageIn)
      return all
        .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.sequence - b.sequence))
        .slice(0, limit)
    },
  }
}
