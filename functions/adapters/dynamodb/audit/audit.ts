import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { type AuditEntry, AuditEntrySchema } from '../../../../shared/domain/audit.ts'
import type { Audit } from '../../../../shared/ports/audit.ts'
import { callAws } from '../../aws-errors.ts'
import { auditKey, chainsKey, entryKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'
import { queryPage } from '../query-page.ts'
import type { RegistryTable } from '../registry/list-kind.ts'
import { type Notes, notesOf } from './notes.ts'
import { unlessFailed } from './unless-failed.ts'

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

/**
 * An item for each entry, with what it holds as JSON text, as it was hashed; and one for each noted call until it is in its chain. `most`: how many
 * noted calls of a shard one listing reads.
 */
export const dynamodbAudit = (
  registry: RegistryTable & { digest: (text: string) => string },
  most = MOST_NOTED,
): Audit => ({
  ...notesOf({ ...registry, most }),
  ...chainsOf(registry),
  ...marksOf(registry),
})

type Marks = Pick<Audit, 'markChain' | 'listChains' | 'markAnchored'>

function chainsOf({ client, table }: RegistryTable): Omit<Audit, keyof Notes | keyof Marks> {
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

/** Which tenants have chains, and how far these are anchored: an item for each. */
function marksOf({ client, table }: RegistryTable): Marks {
  const placeOf = (tenant: string) => ({ pk: chainsKey, sk: tenant })
  const mark = async (
    tenant: string,
    UpdateExpression: string,
    value: number | true,
    ConditionExpression?: string,
  ): Promise<void> => {
    const update = { TableName: table, Key: placeOf(tenant), UpdateExpression, ConditionExpression }
    const ExpressionAttributeValues = { ':value': value }
    // Another run has marked more.
    await unlessFailed(() => client.send(new UpdateCommand({ ...update, ExpressionAttributeValues })))
  }
  return {
    markChain: (tenant) => mark(tenant, 'SET began = :value', true),
    markAnchored: (tenant, sequence) =>
      mark(tenant, 'SET anchored = :value', sequence, 'attribute_not_exists(anchored) OR anchored < :value'),
    async listChains() {
      const items = await queryAll(client, {
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': chainsKey },
        ConsistentRead: true,
      })
      return items.map(({ sk, anchored }) => ({ tenant: String(sk), anchored: Number(anchored ?? 0) }))
    },
  }
}

const entryIn = ({ json }: Item): AuditEntry => AuditEntrySchema.parse(JSON.parse(String(json)))
