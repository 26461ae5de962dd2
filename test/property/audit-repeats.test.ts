/** Callers who are refused again and again, at the door and behind it: what stands in the chain, and what every refused request costs. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dynamodbAudit } from '../../functions/adapters/dynamodb/audit/audit.ts'
import { nodeIds } from '../../functions/adapters/node-ids.ts'
import { audited } from '../../functions/middleware/audited.ts'
import { appendNoted } from '../../shared/app/audit/append-noted.ts'
import { ROUTES } from '../../shared/contracts/routes.ts'
import { REGISTRY_INDEXES } from '../../shared/contracts/table-layout.ts'
import { type AuditEntry, ChainCheck } from '../../shared/domain/audit.ts'
import { type Caller, mayDo } from '../../shared/domain/caller.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import type { Audit } from '../../shared/ports/audit.ts'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'

let now = Date.parse('2026-01-01T00:00:00.000Z')
const clock = { now: () => new Date(now) }
const ids = nodeIds(clock)
let audit: Audit
let stop: () => Promise<void>
beforeAll(async () => {
  const dynamodb = await startDynamoDB()
  await createTable(dynamodb.client, 'registry', REGISTRY_INDEXES)
  audit = dynamodbAudit({ client: dynamodb.client, table: 'registry', digest: ids.digest })
  stop = dynamodb.stop
})
afterAll(() => stop())

const EVENT = { body: '{}' } as object as APIGatewayProxyEventV2
const MINUTE = 60_000

/** A request of a caller, to a route that refuses it for this reason. */
async function ask(caller: Caller, action: 'createKey' | 'cancelTask', reason: 'ConflictError' | 'none') {
  const route = ROUTES[action]
  const refuse = async () => {
    if (!mayDo(caller, route.scope)) throw new OrchestratorError('ForbiddenError', 'it lacks the scope')
    if (reason === 'none') return { statusCode: 200, body: '{}' }
    throw new OrchestratorError(reason, 'not now')
  }
  const asked = audited(route, refuse, { audit, ids, clock, callerOf: () => caller })
  await asked(EVENT).catch(() => {})
}

async function chainOf(tenant: string): Promise<AuditEntry[]> {
  const { entries } = await audit.listEntries(tenant, { newestFirst: false, limit: 1_000 })
  return entries
}

let round = 0

it('has at most two entries for what is refused again within a minute, and tells how often (audit-writer/W3)', async () => {
  const request = fc.record({
    subject: fc.constantFrom('ada', 'bob'),
    hasScope: fc.boolean(),
    action: fc.constantFrom('createKey' as const, 'cancelTask' as const),
    reason: fc.constantFrom('ConflictError' as const, 'none' as const),
    times: fc.integer({ min: 1, max: 6 }),
    minute: fc.nat(2),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 8 }), async (requests) => {
      const tenant = `t${++round}`
      const begin = (Math.floor(now / MINUTE) + 1) * MINUTE
      const expected = new Map<string, number>()
      let done = 0
      for (const { subject, hasScope, action, reason, times, minute } of requests.sort(
        (a, b) => a.minute - b.minute,
      )) {
        now = begin + minute * MINUTE
        const caller: Caller = { tenant, subject, kind: 'key', scopes: hasScope ? ['admin'] : [] }
        await Promise.all(Array.from({ length: times }, () => ask(caller, action, reason)))
        const error = hasScope ? reason : 'ForbiddenError'
        const same = `${subject} ${action} ${error} ${minute}`
        if (error === 'none') done += times
        else expected.set(same, (expected.get(same) ?? 0) + times)
      }
      now += 3 * MINUTE
      const { waitsSince } = await appendNoted({ audit, ids, clock })()
      expect(waitsSince).toBeUndefined()
      const chain = await chainOf(tenant)
      expect(new ChainCheck(ids.digest).check(chain)).toBeUndefined()
      expect(chain.filter(({ outcome }) => outcome === 'done')).toHaveLength(done)
      const told = new Map<string, number[]>()
      for (const { subject, action, error, at, outcome, repeated = 1 } of chain) {
        if (outcome !== 'refused') continue
        const same = `${subject} ${action} ${error} ${Math.floor((Date.parse(at) - begin) / MINUTE)}`
        told.set(same, [...(told.get(same) ?? []), repeated])
      }
      expect([...told.keys()].sort()).toEqual([...expected.keys()].sort())
      for (const [same, parts] of told) {
        expect(parts.length, same).toBeLessThanOrEqual(2)
        expect(
          parts.reduce((sum, part) => sum + part, 0),
          same,
        ).toBe(expected.get(same))
      }
      expect(await audit.listNoted(new Date(now).toISOString())).toEqual([])
    }),
    { numRuns: 40 },
  )
})

it('tells the first refusal at once, and notes nothing more for the others until their minute has ended (audit-writer/W3)', async () => {
  const caller = { tenant: 'loud', subject: 'eve', kind: 'oidc', scopes: [] } as const
  now = (Math.floor(now / MINUTE) + 1) * MINUTE
  for (let at = 0; at < 50; at++) await ask(caller, 'createKey', 'none')
  await appendNoted({ audit, ids, clock })()
  expect(await chainOf('loud')).toMatchObject([{ sequence: 1, outcome: 'refused', status: 403 }])
  expect(await audit.listNoted(new Date(now).toISOString())).toEqual([])
  now += 3 * MINUTE
  await appendNoted({ audit, ids, clock })()
  expect(await chainOf('loud')).toMatchObject([{ sequence: 1 }, { sequence: 2, repeated: 49 }])
  expect((await chainOf('loud'))[0]).not.toHaveProperty('repeated')
})
