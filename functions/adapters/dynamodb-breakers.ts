import { BatchGetCommand, type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { COUNTER_KEYS } from '../../shared/contracts/table-layout.ts'
import { type Breaker, CLOSED } from '../../shared/domain/breaker.ts'
import type { Breakers, KeptBreaker } from '../../shared/ports/index.ts'
import { callAws, unlessAws } from './aws-errors.ts'

/** What BatchGetItem takes. */
const MOST_KEYS = 100

/** One item for each agent, written where nobody has written since it was read. */
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
      for (let keys = [...found.keys()].map(keyOf); keys.length > 0; ) {
        const request = { [table]: { Keys: keys.slice(0, MOST_KEYS), ConsistentRead: true } }
        const answer = await callAws(() => client.send(new BatchGetCommand({ RequestItems: request })))
        for (const { agentId, breaker, revision } of answer.Responses?.[table] ?? [])
          found.set(agentId, { breaker, revision })
        const unprocessed = (answer.UnprocessedKeys?.[table]?.Keys ?? []) as typeof keys
        keys = [...unprocessed, ...keys.slice(MOST_KEYS)]
      }
      return found
    },

    async replace(agentId: string, revision: number, breaker: Breaker) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(agentId),
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

const keyOf = (agentId: string) => ({ pk: `${COUNTER_KEYS.breaker}${agentId}`, sk: 'STATE' })
