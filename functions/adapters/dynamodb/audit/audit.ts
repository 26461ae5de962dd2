import { DeleteCommand, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { REGISTRY_ITEMS } from '../../../../shared/contracts/table-layout.ts'
import { type AuditEntry, AuditEntrySchema, AuditedCallSchema } from '../../../../shared/domain/audit.ts'
import type { Audit, NotedCall } from '../../../../shared/ports/audit.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { auditKey, entryKey, notedKey, SHARDS, shardOf } from '../keys.ts'
import { queryPage } from '../query-page.ts'
import type { RegistryTable } from '../registry/list-kind.ts'

type Item = Record<string, unknown>

const MOST_NOTED = 250

type Range = { newestFirst: boolean; from?: number | undefined; limit: number }

async function entriesOf(
  { client, table }: RegistryTable,
  tenant: string,
  { newestFirst, from, limit }: Range,
): Promise<AuditEntry[]> {
  const least = newestFirst || from === undefined ? 0 : from
  const most = newestFirst && from !== undefined ? from : 999_999_999_999
  const { items } = await queryPage(client, {
    TableName: table,
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :least AND :most',
    ExpressionAttributeValues: {
      ':pk': auditKey(tenant),
      ':least': entryKey(least),
      ':most': entryKey(most),
    },
    ConsistentRead: true,
    ScanIndexForward: !newestFirst,
    Limit: limit,
  })
  return items.map(entryIn)
}

/** Some of the noted calls of each shard. */
async function itemsNoted({ client, table }: RegistryTable, most: number): Promise<Item[]> {
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

/**
 * An item for each entry, and one for each noted call until it is in its chain. What they hold is kept as JSON text, as it was hashed. `most`: how
 * many noted calls of a shard one listing reads.
 */
export const dynamodbAudit = (registry: RegistryTable, most = MOST_NOTED): Audit => ({
  ...notesOf(registry, most),
  ...chainsOf(registry),
})

type Notes = Pick<Audit, 'note' | 'conclude' | 'listNoted' | 'claim' | 'drop'>

function notesOf({ client, table }: RegistryTable, most: number): Notes {
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

    async listNoted(since) {
      return (await itemsNoted({ client, table }, most))
        .filter(({ concluded, at }) => concluded === true || String(at) < since)
        .flatMap(notedIn)
        .sort((a, b) => (a.key < b.key ? -1 : 1))
    },

    claim: ({ id, at, claimed }, sequence) =>
      unlessFailed(() =>
        client.send(
          new UpdateCommand({
            TableName: table,
            Key: placeOf({ id, at }),
            UpdateExpression: 'SET claimed = :sequence',
            ConditionExpression:
              claimed === undefined
                ? 'attribute_exists(pk) AND attribute_not_exists(claimed)'
                : 'claimed = :claimed',
            ExpressionAttributeValues: {
              ':sequence': sequence,
              ...(claimed === undefined ? {} : { ':claimed': claimed }),
            },
          }),
        ),
      ),

    async drop({ id, at }) {
      await callAws(() => client.send(new DeleteCommand({ TableName: table, Key: placeOf({ id, at }) })))
    },
  }
}

function chainsOf({ client, table }: RegistryTable): Omit<Audit, keyof Notes> {
  return {
    append: (entry) =>
      unlessFailed(() =>
        client.send(
          new PutCommand({
            TableName: table,
            Item: {
              pk: auditKey(entry.tenant),
              sk: entryKey(entry.sequence),
              json: JSON.stringify(entry),
            },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        ),
      ),

    async endOf(tenant) {
      const [last] = await entriesOf({ client, table }, tenant, { newestFirst: true, limit: 1 })
      return last && { sequence: last.sequence, hash: last.hash }
    },

    async findEntry(tenant, sequence) {
      const Key = { pk: auditKey(tenant), sk: entryKey(sequence) }
      const { Item } = await callAws(() =>
        client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true })),
      )
      return Item && entryIn(Item)
    },

    async listEntries(tenant, { limit, ...page }) {
      const entries = await entriesOf({ client, table }, tenant, { ...page, limit: limit + 1 })
      const next = entries[limit]?.sequence
      return { entries: entries.slice(0, limit), ...(next === undefined ? {} : { next }) }
    },
  }
}

const unlessFailed = (send: () => Promise<unknown>): Promise<boolean> =>
  unlessAws(['ConditionalCheckFailedException'], async () => send().then(() => true)).then(Boolean)

const placeOf = ({ id, at }: { id: string; at: string }) => ({
  pk: notedKey(shardOf(id)),
  sk: `${REGISTRY_ITEMS.call}${at}#${id}`,
})

const entryIn = ({ json }: Item): AuditEntry => AuditEntrySchema.parse(JSON.parse(String(json)))

/** None for a note of another release that cannot be read: it waits, and does not hold up the others. */
function notedIn({ sk, json, claimed }: Item): NotedCall[] {
  const call = AuditedCallSchema.safeParse(JSON.parse(String(json)))
  if (!call.success) return []
  return [{ ...call.data, key: String(sk), ...(typeof claimed === 'number' ? { claimed } : {}) }]
}
