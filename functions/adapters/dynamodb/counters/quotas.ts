/**
 * Invariants (tests cite them):
 * quota-counters/C1 of a minute no more requests are taken, and for a day no more tasks counted, than the limit, however many callers do so at once
 * quota-counters/C2 a ticket counts once, however often it is counted, kept or given back, and whatever of it was sent twice
 */
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { EXPIRY_ATTRIBUTE } from '../../../../shared/contracts/table-layout.ts'
import type { QuotasOfTenant } from '../../../../shared/domain/quotas.ts'
import type { Quotas } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { getAll } from '../get-all.ts'
import { quotaDayKey, quotaMinuteKey } from '../keys.ts'

const REFUSED = ['ConditionalCheckFailedException']
/** Counters are not read again after a while; the day of a task that was counted late is not yet over then. */
const MINUTE_KEPT_SECONDS = 600
const DAY_KEPT_SECONDS = 40 * 86_400

const secondsAt = (text: string): number => Date.parse(text) / 1_000

/**
 * One item for each tenant and minute, and one for each tenant and day: what is used, and the tickets of tasks that are counted and not yet
 * stored.
 * `quotasOf` says what the stage says.
 */
export function dynamodbQuotas({
  client,
  table,
  quotasOf,
}: {
  client: DynamoDBDocumentClient
  table: string
  quotasOf: (tenant: string) => QuotasOfTenant
}): Quotas {
  async function conclude(tenant: string, day: string, ticket: string, less: 0 | 1): Promise<void> {
    const update = new UpdateCommand({
      TableName: table,
      Key: quotaDayKey(tenant, day),
      UpdateExpression: less === 0 ? 'DELETE pending :ids' : 'DELETE pending :ids ADD used :less',
      ConditionExpression: 'contains(pending, :id)',
      ExpressionAttributeValues: {
        ':ids': new Set([ticket]),
        ':id': ticket,
        ...(less === 0 ? {} : { ':less': -1 }),
      },
    })
    await unlessAws(REFUSED, () => client.send(update))
  }

  return {
    quotasOf,

    async takeRequests(tenant, minute, amount, most) {
      if (amount > most) return undefined
      const update = new UpdateCommand({
        TableName: table,
        Key: quotaMinuteKey(tenant, minute),
        UpdateExpression: `ADD used :amount SET ${EXPIRY_ATTRIBUTE} = :expires`,
        ConditionExpression: 'attribute_not_exists(used) OR used <= :room',
        ExpressionAttributeValues: {
          ':amount': amount,
          ':room': most - amount,
          ':expires': secondsAt(`${minute}:00Z`) + MINUTE_KEPT_SECONDS,
        },
        ReturnValues: 'UPDATED_NEW',
      })
      const done = await unlessAws(REFUSED, () => client.send(update))
      return done && { used: Number(done.Attributes?.used ?? amount) }
    },

    async countTask(tenant, day, ticket, most) {
      if (most < 1) return false
      const update = new UpdateCommand({
        TableName: table,
        Key: quotaDayKey(tenant, day),
        UpdateExpression: `ADD used :one, pending :ids SET ${EXPIRY_ATTRIBUTE} = :expires`,
        ConditionExpression:
          '(attribute_not_exists(used) OR used < :most) AND (attribute_not_exists(pending) OR NOT contains(pending, :id))',
        ExpressionAttributeValues: {
          ':one': 1,
          ':ids': new Set([ticket]),
          ':id': ticket,
          ':most': most,
          ':expires': secondsAt(day) + DAY_KEPT_SECONDS,
        },
      })
      if ((await unlessAws(REFUSED, () => client.send(update))) !== undefined) return true
      const get = new GetCommand({ TableName: table, Key: quotaDayKey(tenant, day), ConsistentRead: true })
      const { Item } = await callAws(() => client.send(get))
      return (Item?.pending as Set<string> | undefined)?.has(ticket) ?? false
    },

    keepTask: (tenant, day, ticket) => conclude(tenant, day, ticket, 0),
    giveBackTask: (tenant, day, ticket) => conclude(tenant, day, ticket, 1),

    async usedOf(tenant, minute, day) {
      const keys = [quotaMinuteKey(tenant, minute), quotaDayKey(tenant, day)]
      const items = await getAll(client, table, keys, { consistent: true })
      const used = (key: { sk: string }): number => Number(items.find(({ sk }) => sk === key.sk)?.used ?? 0)
      return { requests: used(quotaMinuteKey(tenant, minute)), tasks: used(quotaDayKey(tenant, day)) }
    },
  }
}
