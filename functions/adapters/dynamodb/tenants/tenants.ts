import { DeleteCommand, GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { PARTS_OF_MONTH, partOf } from '../../../../shared/app/limits/month-parts.ts'
import { EXPIRY_ATTRIBUTE, KINDS, REGISTRY_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import { TASK_FILES_PREFIX, uploadsPrefix } from '../../../../shared/domain/file-reference.ts'
import {
  EndedDeletionSchema,
  type TenantDeletion,
  TenantDeletionSchema,
} from '../../../../shared/domain/tenant-deletion.ts'
import type { Clock } from '../../../../shared/ports/index.ts'
import type { Tenants } from '../../../../shared/ports/tenants.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import type { ErasedObjects } from '../../s3/removal/erased-objects.ts'
import { deletionKey, moneyKey, queueKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'
import { listKind, type RegistryTable } from '../registry/list-kind.ts'
import { ownerOfRecord } from './owner-of-record.ts'

type Settings = RegistryTable & {
  /** The name of the table of tasks. */
  tasks: string
  objects: ErasedObjects
  digest: (text: string) => string
  clock: Clock
}
type Item = Record<string, unknown>

const REFUSED = ['ConditionalCheckFailedException']
const AT_ONCE = 50

/** An item for each deletion: with the name of the tenant while it lasts, and without it afterwards. */
export function dynamodbTenants({ client, table, tasks, objects, digest, clock }: Settings): Tenants {
  const keyOf = (tenant: string) => deletionKey(digest(tenant))
  const itemOf = (deletion: TenantDeletion): Item => ({
    ...keyOf(deletion.tenant),
    kindKey: KINDS.deletion,
    nameKey: digest(deletion.tenant),
    deletion,
  })

  /** Replaces the item where it is still the one of this revision. */
  async function replace(Item: Item, revision: number): Promise<boolean> {
    const put = new PutCommand({
      TableName: table,
      Item,
      ConditionExpression: 'deletion.revision = :revision',
      ExpressionAttributeValues: { ':revision': revision },
    })
    return (await unlessAws(REFUSED, () => client.send(put))) !== undefined
  }

  async function forAll<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
    for (let at = 0; at < all.length; at += AT_ONCE) await Promise.all(all.slice(at, at + AT_ONCE).map(work))
  }

  return {
    async findDeletion(tenant) {
      const get = new GetCommand({ TableName: table, Key: keyOf(tenant), ConsistentRead: true })
      const { Item } = await callAws(() => client.send(get))
      if (!Item) return undefined
      return Item.ended ? EndedDeletionSchema.parse(Item.ended) : TenantDeletionSchema.parse(Item.deletion)
    },

    async beginDeletion(deletion) {
      const put = new PutCommand({
        TableName: table,
        Item: itemOf(deletion),
        // One that has ended may be followed by another: the name may be given again.
        ConditionExpression: 'attribute_not_exists(deletion)',
      })
      return (await unlessAws(REFUSED, () => client.send(put))) !== undefined
    },

    async listDeletions() {
      const items = await listKind({ client, table }, KINDS.deletion)
      return items.map((item) => TenantDeletionSchema.parse(item.deletion))
    },

    saveDeletion: (deletion) =>
      replace(itemOf({ ...deletion, revision: deletion.revision + 1 }), deletion.revision),

    endDeletion: ({ tenant, revision }, ended, until) =>
      replace(
        { ...keyOf(tenant), ended, [EXPIRY_ATTRIBUTE]: Math.ceil(Date.parse(until) / 1_000) },
        revision,
      ),

    async listRecords(tenant, cursor) {
      const scan = new ScanCommand({
        TableName: table,
        ProjectionExpression: 'pk, sk, #tenant',
        ExpressionAttributeNames: { '#tenant': 'tenant' },
        ...(cursor === undefined ? {} : { ExclusiveStartKey: JSON.parse(cursor) as Item }),
      })
      const { Items = [], LastEvaluatedKey } = await callAws(() => client.send(scan))
      const own = Items.filter((item) => ownerOfRecord(item) === tenant)
      const records = own.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) }))
      const { workflow } = REGISTRY_PARTITIONS
      const workflows = records.flatMap(({ pk }) =>
        pk.startsWith(workflow) ? [pk.slice(workflow.length)] : [],
      )
      return {
        records,
        workflows: [...new Set(workflows)],
        ...(LastEvaluatedKey ? { cursor: JSON.stringify(LastEvaluatedKey) } : {}),
      }
    },

    removeRecords: (records) =>
      forAll(records, (Key) =>
        callAws(() => client.send(new DeleteCommand({ TableName: table, Key: { pk: Key.pk, sk: Key.sk } }))),
      ),

    async eraseFiles(tenant, isTimeUp) {
      const queued = await queryAll(client, {
        TableName: tasks,
        KeyConditionExpression: 'pk = :pk',
        ProjectionExpression: 'pk, sk',
        ExpressionAttributeValues: { ':pk': queueKey(tenant) },
      })
      await forAll(queued, ({ pk, sk }) =>
        callAws(() => client.send(new DeleteCommand({ TableName: tasks, Key: { pk, sk } }))),
      )
      await forAll(moneyOf(tenant, clock.now()), (Key) =>
        callAws(() => client.send(new DeleteCommand({ TableName: tasks, Key }))),
      )
      for (const prefix of [uploadsPrefix(tenant), `${TASK_FILES_PREFIX}${tenant}/`])
        if (!(await objects.removeAll(prefix, isTimeUp))) return false
      return true
    },
  }
}

/** The first month of which there may be money of tenants. */
const FIRST_YEAR = 2026
const MONTHS = Array.from({ length: 12 }, (_, at) => String(at + 1).padStart(2, '0'))

/** The keys of every month until now: they are few, and no index knows them. */
function moneyOf(tenant: string, now: Date): { pk: string; sk: string }[] {
  const years = Array.from({ length: now.getUTCFullYear() - FIRST_YEAR + 1 }, (_, at) => FIRST_YEAR + at)
  const months = years.flatMap((year) => MONTHS.map((month) => `${year}-${month}`))
  const parts = Array.from({ length: PARTS_OF_MONTH }, (_, at) => at)
  return months.flatMap((month) => parts.map((at) => moneyKey(partOf({ tenant, month, quota: 0 }, at))))
}
