import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { EXPIRY_ATTRIBUTE } from '../../../../shared/contracts/table-layout.ts'
import type { Clock, Keys } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { apiKeyKey } from '../keys.ts'
import type { RegistryTable } from '../registry/list-kind.ts'
import { CONFLICT, keyLists, removeItem, StoredKeySchema } from './key-lists.ts'

/** How long an expired key is still listed. */
const LISTED_SECONDS = 30 * 86_400

/**
 * An item for each key under its id, and one for each tenant with the ids of its keys: both are read by their keys, strongly consistent. A
 * process that dies between the two leaves a key that is not listed, whose secret nobody has been shown, or an id without a key, which is skipped.
 */
export function dynamodbKeys({ client, table, clock }: RegistryTable & { clock: Clock }): Keys {
  const { listOf, keysIn, changeList, roomIn } = keyLists({ client, table, clock })

  return {
    async addKey(key, most) {
      const { expiresAt, ...rest } = key
      const Item = {
        ...apiKeyKey(key.id),
        ...rest,
        validUntil: expiresAt,
        [EXPIRY_ATTRIBUTE]: listedUntil(expiresAt),
      }
      // The key first: an id that is listed without one would be taken for a key that is gone, by whoever makes room.
      await callAws(() => client.send(new PutCommand({ TableName: table, Item })))
      let isListed = false
      try {
        isListed = await changeList(key.tenant, async (list) => {
          const ids = await roomIn(list, most)
          return ids && [...ids.filter((other) => other !== key.id), key.id]
        })
      } finally {
        if (!isListed) await removeItem({ client, table }, key.id)
      }
      return isListed
    },

    async findKey(id) {
      const get = new GetCommand({ TableName: table, Key: apiKeyKey(id), ConsistentRead: true })
      const { Item } = await callAws(() => client.send(get))
      return Item && StoredKeySchema.parse(Item)
    },

    async listKeys(tenant) {
      return keysIn(await listOf(tenant))
    },

    async replaceKey({ id, expiresAt: own }, { id: by, expiresAt }) {
      const end = Date.parse(own) < Date.parse(expiresAt) ? own : expiresAt
      const update = new UpdateCommand({
        TableName: table,
        Key: apiKeyKey(id),
        UpdateExpression: 'SET replacedBy = :by, validUntil = :end, #ttl = :ttl',
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(replacedBy)',
        ExpressionAttributeNames: { '#ttl': EXPIRY_ATTRIBUTE },
        ExpressionAttributeValues: { ':by': by, ':end': end, ':ttl': listedUntil(end) },
      })
      return (await unlessAws(CONFLICT, () => client.send(update))) !== undefined
    },

    async removeKey({ id, tenant }) {
      // The key first: without it nothing opens, whatever is listed.
      await removeItem({ client, table }, id)
      await changeList(tenant, async ({ ids }) =>
        ids.includes(id) ? ids.filter((other) => other !== id) : undefined,
      )
    },

    async noteUse(id, minute) {
      const update = new UpdateCommand({
        TableName: table,
        Key: apiKeyKey(id),
        UpdateExpression: 'SET lastUsedAt = :minute',
        ConditionExpression:
          'attribute_exists(pk) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt < :minute)',
        ExpressionAttributeValues: { ':minute': minute },
      })
      await unlessAws(CONFLICT, () => client.send(update))
    },
  }
}

const listedUntil = (expiresAt: string): number => Math.ceil(Date.parse(expiresAt) / 1_000) + LISTED_SECONDS
