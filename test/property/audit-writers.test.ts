/** Writers of the audit that run at once, on the real adapter; each may end at any of its calls, and others go on. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dynamodbAudit } from '../../functions/adapters/dynamodb/audit/audit.ts'
import { nodeIds, systemClock } from '../../functions/adapters/node-ids.ts'
import { appendNoted } from '../../shared/app/audit/append-noted.ts'
import { REGISTRY_INDEXES } from '../../shared/contracts/table-layout.ts'
import { type AuditEntry, ChainCheck, entryAfter, NOTHING_BEFORE } from '../../shared/domain/audit.ts'
import type { Audit } from '../../shared/ports/audit.ts'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'

const ids = nodeIds(systemClock)
let audit: Audit
/** The same, with listings of at most two noted calls of a shard. */
let narrow: Audit
let stop: () => Promise<void>
beforeAll(async () => {
  const dynamodb = await startDynamoDB()
  await createTable(dynamodb.client, 'registry', REGISTRY_INDEXES)
  const registry = { client: dynamodb.client, table: 'registry' }
  audit = dynamodbAudit({ ...registry, digest: ids.digest })
  narrow = dynamodbAudit({ ...registry, digest: ids.digest }, 2)
  stop = dynamodb.stop
})
afterAll(() => stop())

class Killed extends Error {}

/** The same port, whose user ends before or after the call of this number. */
function mortal(calls: number, isAfter: boolean): Audit {
  let left = calls
  const each = Object.entries(audit).map(([name, method]) => [
    name,
    async (...given: unknown[]) => {
      if (left-- > 0) return (method as (...args: unknown[]) => unknown)(...given)
      if (isAfter && left === -1) await (method as (...args: unknown[]) => unknown)(...given)
      throw new Killed()
    },
  ])
  return Object.fromEntries(each) as Audit
}

const noteOf = (tenant: string, id: string) => ({
  id,
  at: new Date().toISOString(),
  tenant,
  subject: 'ada',
  kind: 'local',
  action: 'cancelTask',
  resource: `tasks/${id}`,
  asked: ids.digest(id),
})

async function chainOf(tenant: string): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = []
  for (let from: number | undefined = 1; from !== undefined; ) {
    const page = await audit.listEntries(tenant, { newestFirst: false, from, limit: 7 })
    entries.push(...page.entries)
    from = page.next
  }
  return entries
}

let round = 0

it('appends each call once, in a whole chain, wherever writers end (audit/A1, audit-writer/W1)', async () => {
  const writer = fc.record({ calls: fc.nat(40), isAfter: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(
      fc.array(writer, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 8 }),
      async (writers, count) => {
        const tenants = [`one-${++round}`, `two-${round}`]
        const noted = tenants.flatMap((tenant) =>
          Array.from({ length: count }, () => noteOf(tenant, ids.makeId('c'))),
        )
        await Promise.all(noted.map((note) => audit.note(note)))
        await Promise.all(noted.map((note) => audit.conclude({ ...note, outcome: 'done', status: 200 })))
        await Promise.all(
          writers.map(({ calls, isAfter }) =>
            appendNoted({ audit: mortal(calls, isAfter), ids, clock: systemClock })().catch(
              (error: unknown) => {
                if (!(error instanceof Killed)) throw error
              },
            ),
          ),
        )
        // The next run of the schedule.
        await appendNoted({ audit, ids, clock: systemClock })()
        for (const tenant of tenants) {
          const chain = await chainOf(tenant)
          const check = new ChainCheck(ids.digest)
          expect(check.check(chain)).toBeUndefined()
          expect(chain.map(({ id }) => id).sort()).toEqual(
            noted
              .filter((note) => note.tenant === tenant)
              .map(({ id }) => id)
              .sort(),
          )
          expect(chain.every(({ outcome }) => outcome === 'done')).toBe(true)
        }
        expect(await audit.listNoted(new Date(Date.now() + 60_000).toISOString())).toEqual([])
      },
    ),
    { numRuns: 60 },
  )
})

it.each([0, 1, 2, 3, 4, 5, 6])(
  'appends a call once that another writer has claimed, and appends before call %i of this one (audit-writer/W1)',
  async (at) => {
    const note = noteOf(`claimed-${at}`, ids.makeId('c'))
    const call = { ...note, outcome: 'done' as const, status: 200 }
    await audit.note(note)
    await audit.conclude(call)
    const [noted] = (await audit.listNoted(note.at)).filter(({ id }) => id === note.id)
    if (!noted) throw new Error('it was noted')
    expect(await audit.claim(noted, 1)).toBe(true)
    const other = () => audit.append(entryAfter(NOTHING_BEFORE, call, ids.digest))
    let calls = 0
    const each = Object.entries(audit).map(([name, method]) => [
      name,
      async (...given: unknown[]) => {
        if (calls++ === at) await other()
        return (method as (...args: unknown[]) => unknown)(...given)
      },
    ])
    await appendNoted({ audit: Object.fromEntries(each) as Audit, ids, clock: systemClock })()
    await other()
    await appendNoted({ audit, ids, clock: systemClock })()
    expect((await chainOf(note.tenant)).map(({ id }) => id)).toEqual([note.id])
  },
)

it('takes 1,000 calls of 20 callers at once, while two writers append', async () => {
  let isOver = false
  const append = appendNoted({ audit, ids, clock: systemClock })
  const appending = Array.from({ length: 2 }, async () => {
    while (!isOver) await append()
  })
  const calling = Array.from({ length: 20 }, async () => {
    for (let at = 0; at < 50; at++) {
      const note = noteOf('many', ids.makeId('c'))
      await audit.note(note)
      await audit.conclude({ ...note, outcome: 'refused', status: 409 })
    }
  })
  await Promise.all(calling)
  isOver = true
  await Promise.all(appending)
  while ((await append()).appended > 0);
  const chain = await chainOf('many')
  expect(new Set(chain.map(({ id }) => id)).size).toBe(1_000)
  expect(chain).toHaveLength(1_000)
  expect(new ChainCheck(ids.digest).check(chain)).toBeUndefined()
})

it('appends a call whose function has ended before it could say, as unknown, and only after a minute (audit-writer/W2)', async () => {
  const note = noteOf('lost', ids.makeId('c'))
  await audit.note(note)
  await appendNoted({ audit, ids, clock: systemClock })()
  expect(await chainOf('lost')).toEqual([])
  await appendNoted({ audit, ids, clock: { now: () => new Date(Date.now() + 61_000) } })()
  expect(await chainOf('lost')).toMatchObject([{ id: note.id, outcome: 'unknown', sequence: 1 }])
  // Too late: an entry is never changed (audit/A2).
  await audit.conclude({ ...note, outcome: 'done' })
  await appendNoted({ audit, ids, clock: systemClock })()
  expect(await chainOf('lost')).toMatchObject([{ id: note.id, outcome: 'unknown', sequence: 1 }])
})

it('goes on after a full listing: one caller with many requests puts off the entries of no other', async () => {
  const many = Array.from({ length: 40 }, () => noteOf('loud', ids.makeId('c')))
  const last = { ...noteOf('quiet', ids.makeId('c')), at: new Date(Date.now() + 1).toISOString() }
  for (const note of [...many, last]) {
    await audit.note(note)
    await audit.conclude({ ...note, outcome: 'refused', status: 403 })
  }
  expect(await appendNoted({ audit: narrow, ids, clock: systemClock })()).toEqual({ appended: 41 })
  expect(await chainOf('quiet')).toMatchObject([{ id: last.id }])
})
