import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { REGISTRY_ITEMS } from '../../../../shared/contracts/table-layout.ts'
import { type AuditedCall, AuditedCallSchema } from '../../../../shared/domain/audit.ts'
import { canonicalJson } from '../../../../shared/domain/json.ts'
import type { Audit, NotedCall } from '../../../../shared/ports/audit.ts'
import { callAws } from '../../aws-errors.ts'
import { notedKey, refusedKey, SHARDS, shardOf } from '../keys.ts'
import { queryPage } from '../query-page.ts'
import type { RegistryTable } from '../registry/list-kind.ts'
import { unlessFailed } from './unless-failed.ts'

type Item = Record<string, unknown>
export type Notes = Pick<
  Audit,
  'note' | 'conclude' | 'countRefused' | 'forget' | 'listNoted' | 'claim' | 'drop'
>

type Settings = RegistryTable & {
  /** How many noted calls of a shard one listing reads. */
  most: number
  digest: (text: string) => string
}

/**
 * An item for each noted call until it is in its chain, and one for the refused calls of a caller in a minute. What a call is is kept as JSON text, as it
 * will be hashed.
 */
export function notesOf(settings: Settings): Notes {
  const { client, table } = settings
  return {
    async note(call) {
      const Item = { ...placeOf(call), json: JSON.stringify({ ...call, outcome: 'unknown' }), at: call.at }
      await callAws(() => client.send(new PutCommand({ TableName: table, Item })))
    },

    async conclude(call) {
      await unlessFailed(() =>
        client.send(
          new UpdateCommand({
            TableName: table,
            Key: placeOf(call),
            UpdateExpression: 'SET json = :json, concluded = :yes',
            // Without it, a call that is in its chain already would be noted again.
            ConditionExpression: 'attribute_exists(pk)',
            ExpressionAttributeValues: { ':json': JSON.stringify(call), ':yes': true },
          }),
        ),
      )
    },

    countRefused: (call, endOfMinute) => countOf(settings, call, endOfMinute),

    async forget(call) {
      await callAws(() => client.send(new DeleteCommand({ TableName: table, Key: placeOf(call) })))
    },

    async listNoted(since) {
      const [calls, counts] = await Promise.all([itemsNoted(settings), countsBefore(settings, since)])
      const ready = calls.filter(({ concluded, at }) => concluded === true || String(at) < since)
      return [...ready.flatMap(notedIn), ...counts.flatMap(countIn)].sort((a, b) => (a.at < b.at ? -1 : 1))
    },

    claim: (noted, sequence) =>
      unlessFailed(() =>
        client.send(
          new UpdateCommand({
            TableName: table,
            Key: placeOfNoted(noted),
            UpdateExpression: 'SET claimed = :sequence',
            ConditionExpression:
              noted.claimed === undefined
                ? 'attribute_exists(pk) AND attribute_not_exists(claimed)'
                : 'claimed = :claimed',
            ExpressionAttributeValues: {
              ':sequence': sequence,
              ...(noted.claimed === undefined ? {} : { ':claimed': noted.claimed }),
            },
          }),
        ),
      ),

    async drop(noted) {
      const single = {
        // A second one may have come meanwhile.
        ConditionExpression: 'times = :one AND attribute_not_exists(claimed)',
        ExpressionAttributeValues: { ':one': 1 },
      }
      const Key = placeOfNoted(noted)
      await unlessFailed(() =>
        client.send(new DeleteCommand({ TableName: table, Key, ...(noted.isSingle ? single : {}) })),
      )
    },
  }
}

/** Counts a refused call; returns how many there are with it. */
async function countOf(
  { client, table, digest }: Settings,
  call: AuditedCall,
  endOfMinute: string,
): Promise<number> {
  const { tenant, subject, kind, issuer = null, action, error = null } = call
  const same = digest(canonicalJson({ tenant, subject, kind, issuer, action, error }))
  let times = 1
  await unlessFailed(async () => {
    const { Attributes } = await client.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: refusedKey, sk: `${REGISTRY_ITEMS.refused}${endOfMinute}#${same}` },
        UpdateExpression: 'SET json = if_not_exists(json, :json) ADD times :one',
        // A count that is being appended is final: this call is told on its own.
        ConditionExpression: 'attribute_not_exists(claimed)',
        ExpressionAttributeValues: { ':json': JSON.stringify(call), ':one': 1 },
        ReturnValues: 'UPDATED_NEW',
      }),
    )
    times = Number(Attributes?.times)
  })
  return times
}

/** Some of the noted calls of each shard. */
async function itemsNoted({ client, table, most }: Settings): Promise<Item[]> {
  const shards = await Promise.all(
    SHARDS.map((shard) =>
      queryPage(client, {
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': notedKey(shard) },
        ConsistentRead: true,
        Limit: most,
      }),
    ),
  )
  return shards.flatMap(({ items }) => items)
}

/** Some of the counts of minutes that have ended before a time. */
async function countsBefore({ client, table, most }: Settings, time: string): Promise<Item[]> {
  const { items } = await queryPage(client, {
    TableName: table,
    KeyConditionExpression: 'pk = :pk AND sk < :time',
    ExpressionAttributeValues: { ':pk': refusedKey, ':time': `${REGISTRY_ITEMS.refused}${time}` },
    ConsistentRead: true,
    Limit: most,
  })
  return items
}

const placeOf = ({ id, at }: { id: string; at: string }) => ({
  pk: notedKey(shardOf(id)),
  sk: `${REGISTRY_ITEMS.call}${at}#${id}`,
})

const placeOfNoted = (noted: NotedCall) =>
  noted.key.startsWith(REGISTRY_ITEMS.refused) ? { pk: refusedKey, sk: noted.key } : placeOf(noted)

/** None for a note of another release that cannot be read: it waits, and does not hold up the others. */
function notedIn({ sk, json, claimed }: Item): NotedCall[] {
  const call = AuditedCallSchema.safeParse(JSON.parse(String(json)))
  if (!call.success) return []
  return [{ ...call.data, key: String(sk), ...(typeof claimed === 'number' ? { claimed } : {}) }]
}

function countIn(item: Item): NotedCall[] {
  const more = Number(item.times) - 1
  return notedIn(item).map((noted) =>
    more < 1 ? { ...noted, isSingle: true } : { ...noted, repeated: more },
  )
}
