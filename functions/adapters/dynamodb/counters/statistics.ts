import { type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Additions, EpochCounters, Subject } from '../../../../shared/domain/statistics.ts'
import type { Statistics } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { getAll } from '../get-all.ts'
import { statisticsKey } from '../keys.ts'

/** An epoch counts during itself and the next one; one more day is kept in reserve. */
const KEPT_SECONDS = 3 * 86_400

type Item = Record<string, unknown>

/** An item for each agent, capability and epoch. The client must read numbers as text: sums pass 2^53. */
export function dynamodbStatistics({
  client,
  table,
  now,
  ofTenants = false,
}: {
  client: DynamoDBDocumentClient
  table: string
  now: () => Date
  ofTenants?: boolean
}): Statistics {
  const additionTo = (subject: Subject, { epoch, counters }: Additions) => {
    const names = Object.keys(counters)
    return {
      TableName: table,
      Key: keyOf(subject, epoch),
      UpdateExpression: `ADD ${names.map((_, at) => `#n${at} :v${at}`).join(', ')} SET expiresAt = :expires`,
      ExpressionAttributeNames: Object.fromEntries(names.map((name, at) => [`#n${at}`, name])),
      ExpressionAttributeValues: {
        ...Object.fromEntries(Object.values(counters).map((added, at) => [`:v${at}`, added])),
        ':expires': Math.floor(now().getTime() / 1_000) + KEPT_SECONDS,
      },
    }
  }

  return {
    ofTenants,

    async add(subject, additions) {
      const update = new UpdateCommand({ ...additionTo(subject, additions), ReturnValues: 'ALL_NEW' })
      const { Attributes = {} } = await callAws(() => client.send(update))
      return { epoch: additions.epoch, counters: countersIn(Attributes) }
    },

    async correct(subject, additions, at) {
      const { ExpressionAttributeValues, ...addition } = additionTo(subject, additions)
      const update = new UpdateCommand({
        ...addition,
        ConditionExpression: 'attribute_not_exists(resetAt) OR resetAt < :at',
        ExpressionAttributeValues: { ...ExpressionAttributeValues, ':at': at },
      })
      await unlessAws(['ConditionalCheckFailedException'], () => client.send(update))
    },

    async find(subjects, epochs) {
      const wanted = subjects.flatMap((subject) => epochs.map((epoch) => keyOf(subject, epoch)))
      const found = await getAll(client, table, wanted)
      const items = new Map(found.map((item) => [`${String(item.pk)} ${String(item.sk)}`, item]))
      return subjects.map((subject) =>
        epochs.flatMap((epoch): EpochCounters[] => {
          const { pk, sk } = keyOf(subject, epoch)
          const item = items.get(`${pk} ${sk}`)
          const counters = item ? countersIn(item) : {}
          // An epoch that was reset has an item without counters.
          return Object.keys(counters).length > 0 ? [{ epoch, counters }] : []
        }),
      )
    },

    async reset(subjects, epochs) {
      const resetAt = now().getTime() / 1_000
      const expiresAt = Math.floor(resetAt) + KEPT_SECONDS
      const items = subjects.flatMap((subject) =>
        epochs.map((epoch) => ({ ...keyOf(subject, epoch), expiresAt, resetAt })),
      )
      await Promise.all(
        items.map((Item) => callAws(() => client.send(new PutCommand({ TableName: table, Item })))),
      )
    },
  }
}

const keyOf = ({ agentId, version, capability }: Subject, epoch: number) =>
  statisticsKey(capability, version ? `${agentId}@${version}` : agentId, epoch)

function countersIn({
  pk: _pk,
  sk: _sk,
  expiresAt: _expiresAt,
  resetAt: _resetAt,
  ...counters
}: Item): Record<string, number> {
  return Object.fromEntries(Object.entries(counters).map(([name, value]) => [name, Number(String(value))]))
}
