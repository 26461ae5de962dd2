/** API keys from their making to their end, by the routes and by what a door asks. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHandlers } from '../../../functions/api/handlers.ts'
import { createKey } from '../../../shared/app/keys/manage-keys.ts'
import { verifyKey } from '../../../shared/app/keys/verify-key.ts'
import { MOST_KEYS_OF_TENANT, type NewKeyView } from '../../../shared/contracts/key-requests.ts'
import type { RouteId } from '../../../shared/contracts/routes.ts'
import { partsOfKey, sameDigest } from '../../../shared/domain/api-key.ts'
import { type Caller, SCOPES, type Scope } from '../../../shared/domain/caller.ts'
import { callerOf } from '../../support/stores/callers.ts'
import { startStores } from '../../support/stores/start-stores.ts'

const DAY = 86_400_000

let stores: Awaited<ReturnType<typeof startStores>>
let now = Date.now()
const clock = { now: () => new Date(now) }
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

type Request = {
  path?: Record<string, string>
  body?: object
  scopes?: readonly Scope[]
  takesKeys?: boolean
  /** The id of the key by which is asked. */
  by?: string
}

function ask(tenant: string, route: RouteId, request: Request = {}) {
  const { path, body, scopes = SCOPES, takesKeys = true, by } = request
  const who: Partial<Caller> = by === undefined ? {} : { kind: 'key', subject: by }
  const handlers = makeHandlers(
    { ...stores.ports, clock, takesKeys },
    { callerOf: () => ({ ...callerOf(tenant), ...who, scopes }) },
  )
  const event: object = { headers: {}, ...(path ? { pathParameters: path } : {}), ...(body ? { body } : {}) }
  return handlers[route](event as APIGatewayProxyEventV2).then(({ body: text = '' }) => JSON.parse(text))
}

const make = (tenant: string, more: object = {}, rest: Request = {}): Promise<NewKeyView> =>
  ask(tenant, 'createKey', { body: { name: 'ci', scopes: ['tasks:read'], ...more }, ...rest })
const verify = (text: string) => verifyKey({ ...stores.ports, clock })(text)

describe('a key', () => {
  it('opens as its tenant with its scopes, and is shown once (key/K1)', async () => {
    const { key, ...shown } = await make('once')
    expect(key).toMatch(/^orc_[0-9a-z]{26}_[\w-]{43}$/)
    expect(await verify(key)).toMatchObject({ tenant: 'once', scopes: ['tasks:read'], id: shown.id })
    const { keys } = await ask('once', 'listKeys')
    expect(keys).toMatchObject([{ ...shown, lastUsedAt: expect.stringMatching(/:00\.000Z$/) }])
    const secret = partsOfKey(key)?.secret ?? ''
    const stored = await stores.ports.keys.findKey(shown.id)
    for (const told of [keys, stored]) expect(JSON.stringify(told)).not.toContain(secret)
    expect(JSON.stringify(keys)).not.toContain(String(stored?.digest))
  })

  it('does not open by its id, by another’s secret, nor by what is no key (key/K2)', async () => {
    const [one, other] = [await make('pair'), await make('pair')]
    const [mine, theirs] = [partsOfKey(one.key), partsOfKey(other.key)]
    const stored = await stores.ports.keys.findKey(one.id)
    for (const text of [
      one.id,
      `orc_${one.id}`,
      `orc_${one.id}_`,
      `orc_${one.id}_${'A'.repeat(43)}`,
      `orc_${one.id}_${theirs?.secret}`,
      `orc_${'0'.repeat(26)}_${mine?.secret}`,
      `orc_${one.id}_${stored?.digest}`,
      `${one.key} `,
      `${one.key}\n`,
      `${one.key}A`,
      '',
    ])
      expect(await verify(text), text).toBeUndefined()
    expect(await verify(one.key)).toBeDefined()
  })

  it('has no scope that its maker lacks, and neither has its successor (key/K3)', async () => {
    const scopes: Scope[] = ['keys:write', 'tasks:write']
    await expect(make('narrow', { scopes: ['tasks:read', 'admin'] }, { scopes })).rejects.toMatchObject({
      name: 'ForbiddenError',
      message: 'a key may have the scopes that its maker has; this caller lacks admin',
    })
    await expect(make('narrow', { scopes: ['tasks:read'] }, { scopes })).resolves.toMatchObject({
      scopes: ['tasks:read'],
    })
    const broad = await make('narrow', { scopes: ['admin'] })
    await expect(ask('narrow', 'rotateKey', { path: { id: broad.id }, scopes })).rejects.toMatchObject({
      name: 'ForbiddenError',
    })
  })

  it('opens nothing once it has expired or is revoked (key/K5)', async () => {
    const expiresAt = new Date(now + DAY).toISOString()
    const [brief, revoked] = [await make('ends', { expiresAt }), await make('ends')]
    expect(await verify(brief.key)).toBeDefined()
    expect(await ask('ends', 'revokeKey', { path: { id: revoked.id } })).toMatchObject({ id: revoked.id })
    expect(await verify(revoked.key)).toBeUndefined()
    now += DAY
    expect(await verify(brief.key)).toBeUndefined()
    expect((await ask('ends', 'listKeys')).keys).toMatchObject([{ id: brief.id, status: 'expired' }])
    await expect(ask('ends', 'rotateKey', { path: { id: brief.id } })).rejects.toThrow(/has expired/)
  })

  it('is another tenant’s secret: not found, whatever is asked', async () => {
    const { id } = await make('owner')
    for (const route of ['revokeKey', 'rotateKey'] as const)
      await expect(ask('other', route, { path: { id } })).rejects.toMatchObject({
        name: 'NotFoundError',
        message: `there is no key ${id}`,
      })
    expect(await ask('other', 'listKeys')).toEqual({ keys: [] })
  })
})

describe('what a key has made (key/K7)', () => {
  const revoke = (tenant: string, id: string) => ask(tenant, 'revokeKey', { path: { id } })
  const open = async (keys: readonly NewKeyView[]): Promise<boolean[]> =>
    Promise.all(keys.map(async ({ key }) => (await verify(key)) !== undefined))

  it('is revoked with it, through any number of hands, and nothing else is', async () => {
    const root = await make('tree')
    const child = await make('tree', {}, { by: root.id })
    const grandchild = await make('tree', {}, { by: child.id })
    const other = await make('tree')
    const ofOther = await make('tree', {}, { by: other.id })
    expect([root.madeBy, child.madeBy, grandchild.madeBy]).toEqual([undefined, root.id, child.id])
    const all = [root, child, grandchild, other, ofOther]
    expect(await open(all)).toEqual([true, true, true, true, true])
    const { alsoRevoked } = await revoke('tree', root.id)
    expect(alsoRevoked.toSorted()).toEqual([child.id, grandchild.id].sort())
    expect(await open(all)).toEqual([false, false, false, true, true])
    expect((await ask('tree', 'listKeys')).keys.map(({ id }: { id: string }) => id)).toEqual([
      other.id,
      ofOther.id,
    ])
  })

  it('is revoked also where a key has rotated itself, or what it has made was rotated by it', async () => {
    const first = await make('self')
    const before = await make('self', {}, { by: first.id })
    const rotated = await ask('self', 'rotateKey', { path: { id: first.id }, by: first.id })
    expect(Date.parse(rotated.expiresAt)).toBe(now + 90 * DAY)
    // The thief of the former one has only a successor of his own.
    const other = await make('self')
    const stolen = await ask('self', 'rotateKey', { path: { id: other.id }, by: rotated.id })
    expect((await revoke('self', rotated.id)).alsoRevoked.toSorted()).toEqual([before.id, stolen.id].sort())
    expect(await open([first, before, rotated, other, stolen])).toEqual([true, false, false, true, false])
    const second = await make('self')
    const successor = await ask('self', 'rotateKey', { path: { id: second.id }, by: second.id })
    expect((await revoke('self', second.id)).alsoRevoked).toEqual([successor.id])
  })

  it('is revoked also where the key between them is long gone', async () => {
    const root = await make('chain', { expiresAt: new Date(now + 300 * DAY).toISOString() })
    const rotating = await make(
      'chain',
      { expiresAt: new Date(now + 30 * DAY).toISOString() },
      { by: root.id },
    )
    const next = await ask('chain', 'rotateKey', { path: { id: rotating.id }, by: rotating.id })
    const last = await make('chain', {}, { by: next.id })
    const other = await make('chain')
    const successor = await ask('chain', 'rotateKey', { path: { id: other.id } })
    // As who makes room in the list removes what has expired, with nothing else.
    for (const { id } of [rotating, next]) await stores.ports.keys.removeKey({ id, tenant: 'chain' })
    expect((await revoke('chain', root.id)).alsoRevoked.toSorted()).toEqual([last.id].sort())
    expect(await open([root, last, other, successor])).toEqual([false, false, true, true])
    expect((await revoke('chain', other.id)).alsoRevoked).toEqual([])
    expect(await open([successor])).toEqual([true])
  })

  it('ends no later than it', async () => {
    const brief = await make('brief', { expiresAt: new Date(now + DAY).toISOString() })
    expect((await make('brief', {}, { by: brief.id })).expiresAt).toBe(brief.expiresAt)
    const lasting = await make('brief')
    const rotated = await ask('brief', 'rotateKey', { path: { id: lasting.id }, by: brief.id })
    expect(rotated.expiresAt).toBe(brief.expiresAt)
    const later = { expiresAt: new Date(now + DAY + 1_000).toISOString() }
    await expect(make('brief', later, { by: brief.id })).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: `expiresAt: a key that a key makes ends with it: ${brief.id} is valid until ${brief.expiresAt}; this is ${later.expiresAt}: say an earlier time, or none, and it is valid as long as that`,
    })
  })

  it('is nothing, where the key is revoked or has expired and doors admit it for a minute yet', async () => {
    const gone = await make('late')
    await revoke('late', gone.id)
    const rest = await make('late')
    const expired = await make('late', { expiresAt: new Date(now + 1).toISOString() })
    now += 1
    for (const { id } of [gone, expired]) {
      const refused = { name: 'ConflictError', message: expect.stringContaining('is revoked or has expired') }
      await expect(make('late', {}, { by: id })).rejects.toMatchObject(refused)
      await expect(ask('late', 'rotateKey', { path: { id: rest.id }, by: id })).rejects.toMatchObject(refused)
    }
    expect((await ask('late', 'listKeys')).keys).toHaveLength(2)
  })

  it('is taken back, where the key is revoked while it makes one', async () => {
    const maker = await make('race')
    const { keys } = stores.ports
    const racing = {
      ...stores.ports,
      clock,
      takesKeys: true,
      keys: {
        ...keys,
        addKey: async (...args: Parameters<typeof keys.addKey>) => {
          await revoke('race', maker.id)
          return keys.addKey(...args)
        },
      },
    }
    const caller: Caller = { ...callerOf('race'), kind: 'key', subject: maker.id, scopes: SCOPES }
    await expect(createKey(racing)({ name: 'late', scopes: ['tasks:read'] }, caller)).rejects.toThrow(
      'it makes no other',
    )
    expect((await ask('race', 'listKeys')).keys).toEqual([])
  })
})

describe('a rotation', () => {
  it('leaves two live keys for a while, and never three (key/K4)', async () => {
    const first = await make('turns')
    const rotate = (id: string, body: object = {}): Promise<NewKeyView> =>
      ask('turns', 'rotateKey', { path: { id }, body })
    const second = await rotate(first.id, { overlapSeconds: 60 })
    expect(second).toMatchObject({ name: 'ci', scopes: ['tasks:read'], replaces: first.id })
    for (const { key } of [first, second]) expect(await verify(key)).toBeDefined()
    await expect(rotate(first.id)).rejects.toThrow(`is replaced by ${second.id} already`)
    await expect(rotate(second.id)).rejects.toThrow(`replaces ${first.id}, which is valid until`)
    now += 60_000
    expect(await verify(first.key)).toBeUndefined()
    const third = await rotate(second.id, { overlapSeconds: 0 })
    expect(await verify(second.key)).toBeUndefined()
    expect(await verify(third.key)).toBeDefined()
  })

  it('that two ask for at once has one successor', async () => {
    const { id } = await make('two')
    const outcomes = await Promise.allSettled([1, 2].map(() => ask('two', 'rotateKey', { path: { id } })))
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect((await ask('two', 'listKeys')).keys).toHaveLength(2)
  })
})

describe('what is refused', () => {
  it('a key too many', async () => {
    for (let made = 0; made < MOST_KEYS_OF_TENANT; made++) await make('crowd')
    await expect(make('crowd')).rejects.toMatchObject({
      name: 'ConflictError',
      message: `the tenant "crowd" has ${MOST_KEYS_OF_TENANT} live keys, as many as it may: revoke one that is not used`,
    })
  })

  it('a key that no door takes', async () => {
    await expect(make('closed', {}, { takesKeys: false })).rejects.toMatchObject({ name: 'ConflictError' })
  })

  it.each<[string, object, RegExp]>([
    ['no scopes', { scopes: [] }, /scopes/],
    ['a scope that is none', { scopes: ['tasks:red'] }, /a scope is one of tasks:read/],
    ['no name', { name: ' ' }, /name/],
    ['a name that a terminal obeys', { name: 'a\u001b[2J' }, /no line breaks/],
    [
      'a time that has passed',
      { expiresAt: '2020-01-01T00:00:00Z' },
      /at most 366 days from now; this is 2020/,
    ],
    ['a time too far', { expiresAt: '2999-01-01T00:00:00Z' }, /at most 366 days/],
    ['a tenant', { tenant: 'other' }, /tenant/],
  ])('%s', async (_what, more, message) => {
    await expect(make('wrong', more)).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(message),
    })
  })

  it('digests that differ in any place, or in length', () => {
    const one = 'a'.repeat(64)
    expect(sameDigest(one, one)).toBe(true)
    for (let at = 0; at < 64; at++)
      expect(sameDigest(one, `${one.slice(0, at)}b${one.slice(at + 1)}`)).toBe(false)
    expect(sameDigest(one, one.slice(1))).toBe(false)
    expect(sameDigest(one, '')).toBe(false)
  })
})
