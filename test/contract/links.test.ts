import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StoredLink } from '../../shared/domain/link.ts'
import type { Links } from '../../shared/ports/index.ts'
import { startStores } from '../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
let links: Links
beforeAll(async () => {
  stores = await startStores()
  links = stores.ports.links
})
afterAll(() => stores.stop())

const made = (taskId: string): StoredLink => ({
  id: stores.ports.ids.makeId('l'),
  ...{ taskId, tenant: 'a', action: 'answer', path: 's', question: '2026-02-01T00:00:00.000Z' },
  maker: { by: 'ada', names: ['ada'], identities: [{ subject: 'ada', kind: 'oidc', issuer: 'https://id' }] },
  createdAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-02T00:00:00.000Z',
  digest: 'd'.repeat(64),
})
const IN_TIME = '2026-01-01T12:00:00.000Z'

describe('links', () => {
  it('are found by their ids, and listed for their task in the order of their making', async () => {
    const [one, two] = ['1', '2'].map((at) => ({ ...made('t_1'), id: `l_${at.repeat(26)}` }))
    const other = made('t_2')
    if (!one || !two) throw new Error('none is made')
    for (const link of [two, one, other]) await links.addLink(link)
    expect(await links.findLink(one)).toEqual(one)
    expect(await links.findLink({ taskId: 't_2', id: one.id })).toBeUndefined()
    expect(await links.listLinks('t_1')).toEqual([one, two])
    expect(await links.listLinks('t_3')).toEqual([])
  })

  it('are used once, also by many at once; a repeat of the same use is one use (link/L2)', async () => {
    const link = made('t_4')
    await links.addLink(link)
    const uses = ['a', 'b', 'c', 'd'].map((digest) => links.useLink(link, { at: IN_TIME, digest }))
    expect((await Promise.all(uses)).filter(Boolean)).toHaveLength(1)
    const used = (await links.findLink(link))?.used
    expect(await links.useLink(link, { at: '2026-01-03T00:00:00.000Z', digest: String(used?.digest) })).toBe(
      true,
    )
    expect((await links.findLink(link))?.used).toEqual(used)
    expect(await links.revokeLink(link, IN_TIME)).toBe(false)
  })

  it('are not used after they have expired, were revoked, or are gone (link/L2)', async () => {
    const [late, revoked] = [made('t_5'), made('t_5')]
    for (const link of [late, revoked]) await links.addLink(link)
    expect(await links.useLink(late, { at: late.expiresAt, digest: 'a' })).toBe(false)
    expect(await links.revokeLink(revoked, IN_TIME)).toBe(true)
    expect(await links.revokeLink(revoked, '2026-01-01T13:00:00.000Z')).toBe(true)
    expect((await links.findLink(revoked))?.revokedAt).toBe(IN_TIME)
    expect(await links.useLink(revoked, { at: IN_TIME, digest: 'a' })).toBe(false)
    const gone = made('t_5')
    expect(await links.useLink(gone, { at: IN_TIME, digest: 'a' })).toBe(false)
    expect(await links.revokeLink(gone, IN_TIME)).toBe(false)
    expect(await links.findLink(gone)).toBeUndefined()
  })
})
