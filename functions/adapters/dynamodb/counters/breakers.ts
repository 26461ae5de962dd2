import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { type Breaker, CLOSED } from '../../../../shared/domain/breaker.ts'
import type { Breakers, KeptBreaker } from '../../../../shared/ports/index.ts'
import { unlessAws } from '../../aws-errors.ts'
import { getAll } from '../get-all.ts'
import { breakerKey } from '../keys.ts'

type StoredBreaker = KeptBreaker & { agentId: string }

/** One item for each agent, written with optimistic locking: only if it has not changed since it was read. */
export function dynamodbBreakers({
  client,
  table,
}: {
  client: DynamoDBDocumentClient
  table: string
}): Breakers {
  return {
    async find(agentIds) {
      const found = new Map<string, KeptBreaker>(agentIds.map((id) => [id, { breaker: CLOSED, revision: 0 }]))
      const items = await getAll(client, table, [...found.keys()].map(breakerKey), { consistent: true })
      for (const { agentId, breaker, revision } of items as StoredBreaker[])
        found.set(agentId, { breaker, revision })
      return found
    },

    async replace(agentId: string, revision: number, breaker: Breaker) {
      const update = new UpdateCommand({
        TableName: table,
        Key: breakerKey(agentId),
        UpdateExpression: 'SET agentId = :agent, breaker = :breaker, revision = :next',
        ConditionExpression: revision === 0 ? 'attribute_not_exists(pk)' : 'revision = :revision',
        ExpressionAttributeValues: {
          ':agent': agentId,
          ':breaker': breaker,
          ':next': revision + 1,
          ...(revision === 0 ? {} : { ':revision': revision }),
        },
      })
      return (await unlessAws(['ConditionalCheckFailedException'], () => client.send(update))) !== undefined
    },
  }
}
