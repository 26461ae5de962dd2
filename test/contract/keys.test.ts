import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dynamodbKeys } from '../../functions/adapters/dynamodb/identity/keys.ts'
import { nodeIds } from '../../functions/adapters/node-ids.ts'
import { REGISTRY_INDEXES } from '../../shared/contracts/table-layout.ts'
import type { StoredKey } from '../../shared/domain/api-key.ts'
import type { Keys } from '../../shared/ports/index.ts'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'

const START = Date.UTC(2026, 0, 1)
const DAY = 86_400_000
let now = START
const clock = { now: () => new Date(now) }
const ids = nodeIds(clock)
let dynamodb: Awaited<ReturnType<typeof startDynamoDB>>
let keys: Keys

beforeAll(async () => {
  dynamodb = await startDynamoDB()
  await createTable(dynamodb.client, 'registry', REGISTRY_INDEXES)
  keys = dynamodbKeys({ client: dynamodb.client, table: 'registry', clock })
})
afterAll(() => dynamodb.stop())

/** The same client, whose puts wait. */
const whosePuts = (client: DynamoDBDocumentClient, wait: () => Promise<void>) =>
  new Proxy(client, {
    get: (target, name) =>
      name === 'send'
        ? async (command: unknown): Promise<unknown> => {
            if (command instanceof PutCommand) await wait()
            return Reflect.apply(target.send, target, [command])
          }
        : Reflect.get(target, name),
  })

const keyOf = (tenant: string, more: Partial<StoredKey> = {}): StoredKey => ({
  id: ids.makeId('k').slice(2),
  name: 'ci',
  tenant,
  scopes: ['tasks:read'],
  createdBy: 'ada',
  createdAt: new Date(now).toISOString(),
  expiresAt: new Date(now + DAY).toISOString(),
  digest: ids.digest(ids.makeSecret()),
  ...more,
})

describe('keys', () => {
  it('are found by their id, and listed for their tenant in the order of their making', async () => {
    const [one, two, other] = [keyOf('a'), keyOf('a'), keyOf('b')]
    for (const key of [one, two, other]) expect(await keys.addKey(key, 5)).toBe(true)
    expect(await keys.findKey(one.id)).toEqual(one)
    expect(await keys.findKey('0'.repeat(26))).toBeUndefined()
    expect(await keys.listKeys('a')).toEqual([one, two])
    expect(await keys.listKeys('nobody')).toEqual([])
    await keys.removeKey(one)
    await keys.removeKey(one)
    expect(await keys.findKey(one.id)).toBeUndefined()
    expect(await keys.listKeys('a')).toEqual([two])
    expect(await keys.listKeys('b')).toEqual([other])
  })

  it('are never more than a tenant may have, however many are made at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 6 }, () => keys.addKey(keyOf('full'), 3).catch(() => false)),
    )
    expect(made.filter(Boolean).length).toBeLessThanOrEqual(3)
    while (await keys.addKey(keyOf('full'), 3)) now += 1
    expect(await keys.listKeys('full')).toHaveLength(3)
  })

  it('are listed while they open, also one whose making takes long', async () => {
    const [begun, written] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const client = whosePuts(dynamodb.client, () => {
      begun.resolve()
      return written.promise
    })
    const slow = dynamodbKeys({ client, table: 'registry', clock })
    const first = keyOf('slow')
    const making = slow.addKey(first, 2)
    await begun.promise
    const others = [keyOf('slow'), keyOf('slow')]
    for (const key of others) await keys.addKey(key, 2)
    written.resolve()
    const isMade = await making
    const listed = (await keys.listKeys('slow')).map(({ id }) => id)
    expect(listed.includes(first.id)).toBe(isMade)
    expect((await keys.findKey(first.id)) !== undefined).toBe(isMade)
    expect(listed).toHaveLength(2)
  })

  it('make room when they have expired', async () => {
    const old = keyOf('room', { expiresAt: new Date(now + 1_000).toISOString() })
    const lasting = keyOf('room')
    await keys.addKey(old, 2)
    await keys.addKey(lasting, 2)
    expect(await keys.addKey(keyOf('room'), 2)).toBe(false)
    now += 1_000
    const next = keyOf('room')
    expect(await keys.addKey(next, 2)).toBe(true)
    expect(await keys.listKeys('room')).toEqual([lasting, next])
    expect(await keys.findKey(old.id)).toBeUndefined()
  })

  it('are replaced once, and end no later than they would have', async () => {
    const [former, short] = [keyOf('turn'), keyOf('turn', { expiresAt: new Date(now + 5).toISOString() })]
    for (const key of [former, short]) await keys.addKey(key, 5)
    const expiresAt = new Date(now + 1_000).toISOString()
    const outcomes = await Promise.all(['x', 'y'].map((id) => keys.replaceKey(former, { id, expiresAt })))
    expect(outcomes.filter(Boolean)).toHaveLength(1)
    expect(await keys.findKey(former.id)).toMatchObject({
      expiresAt,
      replacedBy: expect.stringMatching(/^[xy]$/),
    })
    expect(await keys.replaceKey(short, { id: 'z', expiresAt })).toBe(true)
    expect(await keys.findKey(short.id)).toMatchObject({ expiresAt: short.expiresAt })
    expect(await keys.replaceKey(keyOf('turn'), { id: 'z', expiresAt })).toBe(false)
  })

  it('keep the latest minute of their use; a key that is gone stays so', async () => {
    const key = keyOf('used')
    await keys.addKey(key, 5)
    for (const minute of ['2026-01-01T00:02:00.000Z', '2026-01-01T00:01:00.000Z'])
      await keys.noteUse(key.id, minute)
    expect(await keys.findKey(key.id)).toMatchObject({ lastUsedAt: '2026-01-01T00:02:00.000Z' })
    await keys.removeKey(key)
    await keys.noteUse(key.id, '2026-01-01T00:03:00.000Z')
    expect(await keys.findKey(key.id)).toBeUndefined()
  })
})
