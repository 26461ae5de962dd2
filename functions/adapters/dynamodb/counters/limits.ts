/**
 * Invariants (tests cite them):
 * slots/L1 the slots taken of a scope never exceed its limit, even with concurrent callers
 * slots/L2 a slot is a lease: if its holder does not free it, it expires and the next caller gets it
 * slots/L3 taking or freeing a slot twice changes nothing; an expired lease that another caller has taken over can be
 *    freed only by its new holder
 * slots/L4 a rate window (one minute) gives out no more than its limit, less what was given back to it
 */
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { COUNTER_KEYS } from '../../../../shared/contracts/table-layout.ts'
import type { Clock, Limits, Slot } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { getAll } from '../get-all.ts'
import { rateKey, slotsKey } from '../keys.ts'

const MINUTE_SECONDS = 60
/** A rate window is kept for a while after its end; it is not read again. */
const WINDOW_KEPT_SECONDS = 600
const REFUSED = ['ConditionalCheckFailedException']

type Item = Record<string, unknown>

/**
 * Semaphores and rate windows. One item for each scope: the set of its slots, and in `until_<id>` when each lease
 * expires.
 */
export function dynamodbLimits({
  client,
  table,
  clock,
}: {
  client: DynamoDBDocumentClient
  table: string
  clock: Clock
}): Limits {
  const now = (): number => clock.now().getTime() / 1_000

  /** One conditional update (slots/L1). */
  async function take(scope: string, { id, until }: Slot, most: number): Promise<boolean> {
    const update = new UpdateCommand({
      TableName: table,
      Key: slotsKey(scope),
      UpdateExpression: 'ADD slots :slot SET #until = :until',
      ConditionExpression: 'attribute_not_exists(slots) OR size(slots) < :most OR contains(slots, :id)',
      ExpressionAttributeNames: { '#until': untilOf(id) },
      ExpressionAttributeValues: { ':slot': new Set([id]), ':id': id, ':until': until, ':most': most },
    })
    return (await unlessAws(REFUSED, () => client.send(update))) !== undefined
  }

  /** A conditional write: only if the lease is still the expired one that was read (slots/L3). */
  async function giveUp(scope: string, id: string, until: unknown): Promise<void> {
    const update = new UpdateCommand({
      TableName: table,
      Key: slotsKey(scope),
      UpdateExpression: 'DELETE slots :slot REMOVE #until',
      ConditionExpression: '#until = :until',
      ExpressionAttributeNames: { '#until': untilOf(id) },
      ExpressionAttributeValues: { ':slot': new Set([id]), ':until': until },
    })
    await unlessAws(REFUSED, () => client.send(update))
  }

  async function giveUpExpired(scope: string): Promise<number> {
    const get = new GetCommand({ TableName: table, Key: slotsKey(scope), ConsistentRead: true })
    const { Item = {} } = await callAws(() => client.send(get))
    const expired = slotsIn(Item).filter((id) => !isHeld(Item, id, now()))
    await Promise.all(expired.map((id) => giveUp(scope, id, Item[untilOf(id)])))
    return expired.length
  }

  return {
    async takeSlot(scope, slot, most) {
      if (await take(scope, slot, most)) return true
      return (await giveUpExpired(scope)) > 0 && take(scope, slot, most)
    },

    async freeSlot(scope, id) {
      const update = new UpdateCommand({
        TableName: table,
        Key: slotsKey(scope),
        UpdateExpression: 'DELETE slots :slot REMOVE #until',
        ExpressionAttributeNames: { '#until': untilOf(id) },
        ExpressionAttributeValues: { ':slot': new Set([id]) },
      })
      await callAws(() => client.send(update))
    },

    async countSlots(scopes) {
      const counts = new Map(scopes.map((scope) => [scope, 0]))
      const at = now()
      for (const item of await getAll(client, table, [...counts.keys()].map(slotsKey))) {
        const scope = String(item.pk).slice(COUNTER_KEYS.slots.length)
        counts.set(scope, slotsIn(item).filter((id) => isHeld(item, id, at)).length)
      }
      return counts
    },

    async listSlots(scope) {
      const get = new GetCommand({ TableName: table, Key: slotsKey(scope), ConsistentRead: true })
      const { Item = {} } = await callAws(() => client.send(get))
      return slotsIn(Item).filter((id) => isHeld(Item, id, now()))
    },

    async takeRate(scope, amount, mostPerMinute) {
      // More than the limit of a whole window: no later window could grant it either (slots/L4).
      if (amount > mostPerMinute) return false
      const window = Math.floor(now() / MINUTE_SECONDS)
      const update = new UpdateCommand({
        TableName: table,
        Key: rateKey(scope, window),
        UpdateExpression: 'ADD used :amount SET expiresAt = :expires',
        ConditionExpression: 'attribute_not_exists(used) OR used <= :room',
        ExpressionAttributeValues: {
          ':amount': amount,
          ':room': mostPerMinute - amount,
          ':expires': (window + 1) * MINUTE_SECONDS + WINDOW_KEPT_SECONDS,
        },
      })
      return (await unlessAws(REFUSED, () => client.send(update))) !== undefined
    },

    async giveBackRate(scope, amount, takenAt) {
      const window = Math.floor(takenAt.getTime() / 1_000 / MINUTE_SECONDS)
      if (window < Math.floor(now() / MINUTE_SECONDS)) return
      const update = new UpdateCommand({
        TableName: table,
        Key: rateKey(scope, window),
        UpdateExpression: 'ADD used :less',
        ConditionExpression: 'used >= :amount',
        ExpressionAttributeValues: { ':less': -amount, ':amount': amount },
      })
      await unlessAws(REFUSED, () => client.send(update))
    },
  }
}

const untilOf = (id: string): string => `until_${id}`
const slotsIn = ({ slots }: Item): string[] => [...((slots as Set<string> | undefined) ?? [])]
const isHeld = (item: Item, id: string, at: number): boolean => Number(item[untilOf(id)] ?? 0) > at
