import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { StoredValueSchema } from '../../../../shared/domain/step.ts'
import type { Claim, Ledger, Ownership } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { onceKey, type TaskTable, taskKey } from '../keys.ts'

const REFUSED = ['ConditionalCheckFailedException']

/** One item for each effect: claimed before it is performed, with its result afterwards. */
export function dynamodbLedger({ client, table }: TaskTable): Ledger {
  const keyOf = ({ taskId, path }: Ownership, key: string) => ({
    pk: taskKey(taskId),
    sk: onceKey(path, key),
  })

  async function findClaim(own: Ownership, key: string): Promise<Claim> {
    const get = new GetCommand({ TableName: table, Key: keyOf(own, key), ConsistentRead: true })
    const { Item } = await callAws(() => client.send(get))
    return Item?.result
      ? { kind: 'done', result: StoredValueSchema.parse(Item.result) }
      : { kind: 'superseded' }
  }

  return {
    async claim(own, key, at) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(own, key),
        UpdateExpression: 'SET #owner = :owner, fence = :fence, claimedAt = :at',
        ConditionExpression:
          'attribute_not_exists(#result) AND (attribute_not_exists(fence) OR fence <= :fence)',
        ExpressionAttributeNames: { '#owner': 'owner', '#result': 'result' },
        ExpressionAttributeValues: { ':owner': own.owner, ':fence': own.fence, ':at': at },
        ReturnValues: 'ALL_OLD',
      })
      const claimed = await unlessAws(REFUSED, () => client.send(update))
      if (!claimed) return findClaim(own, key)
      const { claimedAt } = claimed.Attributes ?? {}
      return claimedAt === undefined ? { kind: 'first' } : { kind: 'again', claimedAt: String(claimedAt) }
    },

    async complete(own, key, result) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(own, key),
        UpdateExpression: 'SET #result = :result',
        ConditionExpression: '#owner = :owner AND fence = :fence AND attribute_not_exists(#result)',
        ExpressionAttributeNames: { '#owner': 'owner', '#result': 'result' },
        ExpressionAttributeValues: { ':owner': own.owner, ':fence': own.fence, ':result': result },
      })
      return (await unlessAws(REFUSED, () => client.send(update))) !== undefined
    },
  }
}
