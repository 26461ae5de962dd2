import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { type StoredLink, StoredLinkSchema } from '../../../../shared/domain/link.ts'
import type { Links } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { linkKey, type TaskTable, taskKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'

const REFUSED = ['ConditionalCheckFailedException']

/** One item for each link, in the partition of its task: it expires with the task, and is deleted with it. */
export function dynamodbLinks({ client, table }: TaskTable): Links {
  const keyOf = ({ taskId, id }: Pick<StoredLink, 'taskId' | 'id'>) => ({
    pk: taskKey(taskId),
    sk: linkKey(id),
  })
  // `expiresAt` is the attribute of the table's TTL.
  const linkIn = ({ validUntil, ...item }: Record<string, unknown>): StoredLink =>
    StoredLinkSchema.parse({ ...item, expiresAt: validUntil })

  return {
    async addLink(link) {
      const { expiresAt: validUntil, ...rest } = link
      const Item = { ...keyOf(link), ...rest, validUntil }
      const put = new PutCommand({
        TableName: table,
        Item,
        ConditionExpression: 'attribute_not_exists(pk)',
      })
      await callAws(() => client.send(put))
    },

    async findLink(link) {
      const get = new GetCommand({ TableName: table, Key: keyOf(link), ConsistentRead: true })
      const { Item } = await callAws(() => client.send(get))
      return Item && linkIn(Item)
    },

    async listLinks(taskId) {
      const items = await queryAll(client, {
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :links)',
        ExpressionAttributeValues: { ':pk': taskKey(taskId), ':links': linkKey('') },
        ConsistentRead: true,
      })
      return items.map(linkIn)
    },

    async useLink(link, { at, digest }) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(link),
        UpdateExpression: 'SET used = if_not_exists(used, :use)',
        ConditionExpression:
          'attribute_exists(pk) AND (used.digest = :digest OR attribute_not_exists(used) AND attribute_not_exists(revokedAt) AND validUntil > :at)',
        ExpressionAttributeValues: { ':use': { at, digest }, ':digest': digest, ':at': at },
      })
      return (await unlessAws(REFUSED, () => client.send(update))) !== undefined
    },

    async revokeLink(link, at) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(link),
        UpdateExpression: 'SET revokedAt = if_not_exists(revokedAt, :at)',
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(used)',
        ExpressionAttributeValues: { ':at': at },
      })
      return (await unlessAws(REFUSED, () => client.send(update))) !== undefined
    },
  }
}
