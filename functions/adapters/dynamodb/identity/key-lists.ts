import { DeleteCommand, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { isLive, type StoredKey } from '../../../../shared/domain/api-key.ts'
import { SCOPES } from '../../../../shared/domain/caller.ts'
import { OrchestratorError } from '../../../../shared/domain/errors.ts'
import { IdentitySchema } from '../../../../shared/domain/identity.ts'
import type { Clock } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { getAll } from '../get-all.ts'
import { apiKeyKey, keysOfKey } from '../keys.ts'
import type { RegistryTable } from '../registry/list-kind.ts'

export const StoredKeySchema: z.ZodType<StoredKey> = z
  .object({
    id: z.string(),
    name: z.string(),
    tenant: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    createdBy: z.string(),
    makers: z.array(IdentitySchema).optional(),
    createdAt: z.string(),
    validUntil: z.string(),
    lastUsedAt: z.string().optional(),
    madeBy: z.string().optional(),
    replaces: z.string().optional(),
    replacedBy: z.string().optional(),
    digest: z.string(),
  })
  .transform(({ validUntil, makers, lastUsedAt, madeBy, replaces, replacedBy, ...key }) => ({
    ...key,
    expiresAt: validUntil,
    ...(makers === undefined ? {} : { makers }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
    ...(madeBy === undefined ? {} : { madeBy }),
    ...(replaces === undefined ? {} : { replaces }),
    ...(replacedBy === undefined ? {} : { replacedBy }),
  }))

/** The ids of a tenant's keys, written with optimistic locking. */
const ListSchema = z.object({ ids: z.array(z.string()), revision: z.number() })
type List = z.output<typeof ListSchema>

const MOST_TRIES = 8
/** What a conditional write is refused by. */
export const CONFLICT = ['ConditionalCheckFailedException']

/** The lists of the keys of tenants. */
export function keyLists({ client, table, clock }: RegistryTable & { clock: Clock }) {
  async function listOf(tenant: string): Promise<List> {
    const get = new GetCommand({ TableName: table, Key: keysOfKey(tenant), ConsistentRead: true })
    const { Item } = await callAws(() => client.send(get))
    return Item ? ListSchema.parse(Item) : { ids: [], revision: 0 }
  }

  async function keysIn({ ids }: List): Promise<StoredKey[]> {
    const items = await getAll(client, table, ids.map(apiKeyKey), { consistent: true })
    const byId = new Map(items.map((item) => [item.id, StoredKeySchema.parse(item)]))
    return ids.flatMap((id) => byId.get(id) ?? [])
  }

  /** Writes what `change` makes of the list, or nothing where it is undefined; tried again when another has written meanwhile. */
  async function changeList(
    tenant: string,
    change: (list: List) => Promise<string[] | undefined>,
  ): Promise<boolean> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const list = await listOf(tenant)
      const ids = await change(list)
      if (ids === undefined) return false
      const update = new UpdateCommand({
        TableName: table,
        Key: keysOfKey(tenant),
        UpdateExpression: 'SET ids = :ids, revision = :next',
        ConditionExpression: list.revision === 0 ? 'attribute_not_exists(pk)' : 'revision = :revision',
        ExpressionAttributeValues: {
          ':ids': ids,
          ':next': list.revision + 1,
          ...(list.revision === 0 ? {} : { ':revision': list.revision }),
        },
      })
      if (await unlessAws(CONFLICT, () => client.send(update))) return true
    }
    const message = `the keys of the tenant "${tenant}" are changed by many at once; try again`
    throw new OrchestratorError('UnavailableError', message)
  }

  /** The ids of those that are kept when there is no room: expired ones and those that are gone make some. */
  async function roomIn(list: List, most: number): Promise<string[] | undefined> {
    if (list.ids.length < most) return list.ids
    const now = clock.now()
    const kept = await keysIn(list)
    const live = kept.filter((key) => isLive(key, now))
    if (live.length >= most) return undefined
    for (const { id } of kept.filter((key) => !isLive(key, now))) await removeItem({ client, table }, id)
    return live.map(({ id }) => id)
  }

  return { listOf, keysIn, changeList, roomIn }
}

export async function removeItem({ client, table }: RegistryTable, id: string): Promise<void> {
  await callAws(() => client.send(new DeleteCommand({ TableName: table, Key: apiKeyKey(id) })))
}
