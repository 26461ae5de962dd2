/** Anchors of chains that grow, on the real adapter of the audit: what anchors find of a chain that somebody with all rights has changed. */
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dynamodbAudit } from '../../functions/adapters/dynamodb/audit/audit.ts'
import { nodeIds, systemClock } from '../../functions/adapters/node-ids.ts'
import { anchorChains } from '../../shared/app/audit/anchor-chains.ts'
import { appendNoted } from '../../shared/app/audit/append-noted.ts'
import { REGISTRY_INDEXES } from '../../shared/contracts/table-layout.ts'
import { type AuditEntry, ChainCheck, entryAfter, NOTHING_BEFORE } from '../../shared/domain/audit.ts'
import {
  anchorKey,
  endsOfAnchors,
  SIGNING_ALGORITHM,
  type SignedAnchor,
  signedText,
} from '../../shared/domain/audit-anchor.ts'
import type { Anchors } from '../../shared/ports/anchors.ts'
import type { Audit } from '../../shared/ports/audit.ts'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'

const TENANT = 'acme'
const ids = nodeIds(systemClock)
const digest = (text: string) => createHash('sha256').update(text).digest('hex')

/** Anchors of a signer whose key is in this process; kept as a locked bucket keeps them. */
function keptAnchors() {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
  const kept = new Map<string, SignedAnchor>()
  const signed = (anchor: SignedAnchor['anchor']): SignedAnchor => ({
    anchor,
    algorithm: SIGNING_ALGORITHM,
    publicKey,
    signature: sign('sha256', Buffer.from(signedText(anchor)), pair.privateKey).toString('base64'),
  })
  const anchors: Anchors = {
    async write(anchor) {
      if (kept.has(anchorKey(anchor))) return false
      kept.set(anchorKey(anchor), signed({ ...anchor }))
      return true
    },
    async list(tenant, { from, limit }) {
      const all = [...kept.values()].filter(
        ({ anchor }) => anchor.tenant === tenant && anchor.sequence >= from,
      )
      return { anchors: all.slice(0, limit) }
    },
    publicKey: async () => publicKey,
  }
  return { anchors, kept, publicKey, signed }
}

const isSigned = ({ text, publicKey, signature }: { text: string; publicKey: string; signature: string }) =>
  verify(
    'sha256',
    Buffer.from(text),
    { key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' },
    Buffer.from(signature, 'base64'),
  )

let audit: Audit
let stop: () => Promise<void>
let chain: AuditEntry[]
const store = keptAnchors()
beforeAll(async () => {
  const dynamodb = await startDynamoDB()
  await createTable(dynamodb.client, 'registry', REGISTRY_INDEXES)
  audit = dynamodbAudit({ client: dynamodb.client, table: 'registry', digest: ids.digest })
  stop = dynamodb.stop
  const append = appendNoted({ audit, ids, clock: systemClock })
  const anchor = anchorChains({ audit, anchors: store.anchors, clock: systemClock })
  // 1,000 calls of 20 callers, anchored while they come.
  let isOver = false
  const until = Number.POSITIVE_INFINITY
  const repeated = async (run: () => Promise<unknown>) => {
    while (!isOver) await run()
  }
  // Two of each at once.
  const working = Promise.all(
    [append, append, () => anchor({ until }), () => anchor({ until })].map(repeated),
  )
  await Promise.all(
    Array.from({ length: 20 }, async (_, caller) => {
      for (let at = 0; at < 50; at++) {
        const note = {
          id: ids.makeId('c'),
          at: new Date().toISOString(),
          tenant: TENANT,
          subject: `caller-${caller}`,
          kind: 'key',
          action: 'cancelTask',
          resource: `tasks/${at}`,
          asked: digest(`${at}`),
        }
        await audit.note(note)
        await audit.conclude({ ...note, outcome: 'done', status: 200 })
      }
    }),
  )
  isOver = true
  await working
  await append()
  await anchor({ until })
  const entries: AuditEntry[] = []
  for (let from: number | undefined = 1; from !== undefined; ) {
    const page = await audit.listEntries(TENANT, { newestFirst: false, from, limit: 400 })
    entries.push(...page.entries)
    from = page.next
  }
  chain = entries
}, 120_000)
afterAll(() => stop())

/** The first fault of a chain that must fit these anchors: of which entry, and what it is. */
function faultOf(
  entries: readonly AuditEntry[],
  anchors: readonly SignedAnchor[] = [...store.kept.values()],
) {
  const known = endsOfAnchors(anchors, { tenant: TENANT, keys: [store.publicKey], verify: isSigned })
  if ('fault' in known) return known.fault
  const check = new ChainCheck(digest, known.ends)
  return check.check(entries) ?? check.end()
}

/** Written anew from an entry on, with right hashes. */
function rewritten(from: number, change: (entry: AuditEntry) => object | undefined): AuditEntry[] {
  const anew = chain.slice(0, from - 1)
  for (const entry of chain.slice(from - 1)) {
    const { sequence: _, before: __, hash: ___, ...call } = entry
    const changed = entry.sequence === from ? change(entry) : {}
    if (changed !== undefined)
      anew.push(entryAfter(anew.at(-1) ?? NOTHING_BEFORE, { ...call, ...changed }, digest))
  }
  return anew
}

const anchoredAt = () => [...store.kept.values()].map(({ anchor }) => anchor.sequence).sort((a, b) => a - b)
const sequence = fc.integer({ min: 1, max: 1_000 })

it('is whole, and fits all of its anchors, several of them (anchors/N2)', () => {
  expect(chain).toHaveLength(1_000)
  expect(anchoredAt().length).toBeGreaterThan(3)
  expect(anchoredAt().at(-1)).toBe(1_000)
  expect(faultOf(chain)).toBeUndefined()
})

it('does not fit the first anchor behind an entry that was changed, though all hashes were made anew (anchors/N2)', () => {
  fc.assert(
    fc.property(
      sequence,
      fc.constantFrom('subject', 'action', 'resource', 'outcome', 'at'),
      (from, member) => {
        const anew = rewritten(from, (entry) => ({ [member]: `${entry[member as 'subject']}x` }))
        // Without anchors it is a chain like any other.
        expect(faultOf(anew, [])).toBeUndefined()
        const first = anchoredAt().find((at) => at >= from)
        expect(faultOf(anew)).toMatchObject({
          sequence: first,
          what: expect.stringContaining(anchorKey({ tenant: TENANT, sequence: Number(first) })),
        })
      },
    ),
    { numRuns: 40 },
  )
})

it('does not fit an anchor behind what was taken out, or put in, with right hashes (anchors/N2)', () => {
  fc.assert(
    fc.property(sequence, (from) => {
      const shorter = rewritten(from, () => undefined)
      const first = Number(anchoredAt().find((at) => at >= from))
      expect(faultOf(shorter)?.sequence).toBe(first)
      const put = entryAfter(
        chain[from - 2] ?? NOTHING_BEFORE,
        { ...(chain[0] as AuditEntry), id: 'put' },
        digest,
      )
      const { hash: _, ...more } = put
      const longer = [...chain.slice(0, from - 1), { ...more, hash: put.hash }]
      for (const { sequence: __, before: ___, hash: ____, ...call } of chain.slice(from - 1))
        longer.push(entryAfter(longer.at(-1) as AuditEntry, call, digest))
      expect(faultOf(longer)?.sequence).toBeLessThanOrEqual(first)
    }),
    { numRuns: 30 },
  )
})

it('that was cut off does not fit the first anchor behind its end (anchors/N2)', () => {
  fc.assert(
    fc.property(fc.nat(999), (length) => {
      const first = anchoredAt().find((at) => at > length)
      expect(faultOf(chain.slice(0, length))).toMatchObject({
        sequence: length + 1,
        what: expect.stringContaining(`it had an entry ${first} once`),
      })
    }),
    { numRuns: 60 },
  )
})

it('names an anchor of which anything was altered, or that another has signed (anchors/N1)', () => {
  const other = keptAnchors()
  fc.assert(
    fc.property(
      fc.nat(),
      fc.constantFrom('sequence', 'hash', 'at', 'tenant', 'signature', 'key', 'more'),
      (index, what) => {
        const all = [...store.kept.values()]
        const at = index % all.length
        const one = all[at] as SignedAnchor
        const { anchor } = one
        const [, before] = [anchor, all[at === 0 ? 1 : 0]?.signature ?? '']
        const altered: Record<string, SignedAnchor> = {
          sequence: { ...one, anchor: { ...anchor, sequence: anchor.sequence + 1 } },
          hash: { ...one, anchor: { ...anchor, hash: digest(anchor.hash) } },
          at: { ...one, anchor: { ...anchor, at: '2020-01-01T00:00:00.000Z' } },
          tenant: { ...one, anchor: { ...anchor, tenant: 'other' } },
          signature: { ...one, signature: before },
          key: other.signed({ ...anchor }),
          more: { ...one, anchor: { ...anchor, said: 'more' } },
        }
        const fault = faultOf(chain, all.with(at, altered[what] as SignedAnchor))
        expect(fault).toMatchObject({ anchor: anchorKey(altered[what]?.anchor ?? anchor) })
      },
    ),
    { numRuns: 80 },
  )
})

it('is not anchored anew where it does not fit, and that is told (anchors/N3)', async () => {
  const endOf = async () => ({ sequence: 1_000, hash: digest('another') })
  const listChains = async () => [{ tenant: TENANT, anchored: 999 }]
  const run = (more: object) =>
    anchorChains({
      audit: { ...audit, endOf, listChains, ...more },
      anchors: store.anchors,
      clock: systemClock,
    })({
      until: Number.POSITIVE_INFINITY,
    })
  expect(await run({})).toEqual({
    anchored: 0,
    failed: [],
    misfits: [expect.stringMatching(/^acme: entry 1000 is another one than its anchor of /)],
  })
  expect(await run({ endOf: async () => ({ sequence: 998, hash: '' }) })).toEqual({
    anchored: 0,
    failed: [],
    misfits: ['acme: the chain ends at 998, and has an anchor at 999'],
  })
  expect(faultOf(chain)).toBeUndefined()
})

it('is anchored also where the chains before it cannot be', async () => {
  const broken = Array.from({ length: 20 }, (_, at) => `broken-${at}`)
  const done: string[] = []
  const run = anchorChains({
    audit: {
      ...audit,
      listChains: async () => [...broken, 'whole'].map((tenant) => ({ tenant, anchored: 0 })),
      endOf: async (tenant) => {
        if (tenant !== 'whole') throw new Error('cannot be read')
        return { sequence: 1, hash: digest('whole') }
      },
      markAnchored: async (tenant) => void done.push(tenant),
    },
    anchors: store.anchors,
    clock: systemClock,
  })
  const { anchored, failed } = await run({ until: Number.POSITIVE_INFINITY })
  expect([anchored, done]).toEqual([1, ['whole']])
  expect(failed).toEqual(broken.map((tenant) => `${tenant}: cannot be read`).sort())
})
