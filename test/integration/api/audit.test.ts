/** The audit at the door: what every route that changes something leaves behind. */
import { createHash } from 'node:crypto'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHandlers } from '../../../functions/api/handlers.ts'
import { audited, isAudited } from '../../../functions/middleware/audited.ts'
import { appendNoted } from '../../../shared/app/audit/append-noted.ts'
import { ROUTES, type RouteId } from '../../../shared/contracts/routes.ts'
import { type AuditEntry, ChainCheck } from '../../../shared/domain/audit.ts'
import type { Caller } from '../../../shared/domain/caller.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { callerOf } from '../../support/stores/callers.ts'
import { seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
let workflow: string
beforeAll(async () => {
  stores = await startStores()
  const steps = { ask: { approval: { prompt: 'Go?', timeoutSeconds: 60 } } }
  workflow = await seedWorkflow(stores.ports, { steps, agents: [makeAgent()] })
})
afterAll(() => stores.stop())

type Given = { path?: Record<string, string>; query?: Record<string, string>; body?: object }

async function ask(caller: Caller, route: RouteId, { path, query, body }: Given = {}, ports = stores.ports) {
  const event: object = {
    headers: {},
    ...(path ? { pathParameters: path } : {}),
    ...(query ? { queryStringParameters: query } : {}),
    ...(body ? { body } : {}),
  }
  const answer = await makeHandlers(ports, { callerOf: () => caller })[route](event as APIGatewayProxyEventV2)
  return JSON.parse(answer.body ?? '{}')
}

const entriesOf = async (caller: Caller): Promise<AuditEntry[]> =>
  (await ask(caller, 'listAudit', { query: { order: 'oldest', limit: '100' } })).entries

const AUDITED = (Object.keys(ROUTES) as RouteId[]).filter((id) => isAudited(ROUTES[id]))

describe('the audit', () => {
  it.each(AUDITED)('has %s, also when it is refused for its scope, with the reason', async (id) => {
    const caller = { ...callerOf(`refused-${id}`), scopes: ['audit:read'] as const }
    await expect(ask(caller, id, { path: { id: 'x', name: 'x', stepId: 's' } })).rejects.toMatchObject({
      status: 403,
    })
    expect(await entriesOf(caller)).toMatchObject([
      {
        sequence: 1,
        action: id,
        outcome: 'refused',
        status: 403,
        error: 'ForbiddenError',
        subject: caller.subject,
        kind: 'iam',
      },
    ])
  })

  it.each(AUDITED)('has %s when its request is wrong, once, and how often it was repeated', async (id) => {
    const caller = callerOf(`wrong-${id}`)
    const path = { id: 'x', name: 'x', stepId: 's', fileId: 'f' }
    const wrong = { query: { nonsense: 'x' }, body: { nonsense: 1 }, path }
    for (let at = 0; at < 5; at++) await expect(ask(caller, id, wrong)).rejects.toMatchObject({ status: 400 })
    expect(await entriesOf(caller)).toMatchObject([
      { sequence: 1, action: id, outcome: 'refused', status: 400, error: 'InvalidInputError' },
    ])
    const later = { now: () => new Date(Date.now() + 180_000) }
    await appendNoted({ ...stores.ports, clock: later })()
    // A minute may have ended between the five.
    const [, ...more] = await entriesOf(caller)
    const others = more.reduce((sum, { repeated = 1 }) => sum + repeated, 0)
    expect(others).toBe(4)
    expect(more.length).toBeLessThanOrEqual(3)
  })

  it.each(AUDITED)(
    'has %s when it fails, and when it is done, with digests that an owner of both can compare',
    async (id) => {
      const caller = callerOf(`ended-${id}`)
      const path = { id: 'x', name: 'x', stepId: 's' }
      const [body, answer] = [
        { b: [1, { z: 'ü', a: null }], a: 'x' },
        JSON.stringify({ id: 'made', done: true }),
      ]
      const event = { pathParameters: path, body } as object as APIGatewayProxyEventV2
      const door = { ...stores.ports, callerOf: () => caller }
      const failing = audited(ROUTES[id], () => Promise.reject(new Error('boom')), door)
      await expect(failing(event)).rejects.toThrow('boom')
      await audited(ROUTES[id], async () => ({ statusCode: 200, body: answer }), door)(event)
      const [failed, done] = await entriesOf(caller)
      expect(failed).toMatchObject({ action: id, outcome: 'failed', status: 500 })
      expect(done).toMatchObject({ action: id, outcome: 'done', status: 200 })
      // As docs/how-to/audit.md says: members sorted by name, no blanks.
      const canonical = `{"body":{"a":"x","b":[1,{"a":null,"z":"ü"}]},"pathParameters":{"id":"x","name":"x","stepId":"s"},"queryStringParameters":{}}`
      const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
      expect([failed?.asked, done?.asked]).toEqual([sha256(canonical), sha256(canonical)])
      expect([failed?.answered, done?.answered]).toEqual([undefined, sha256(answer)])
    },
  )

  it('finds what is asked for, page by page, whichever way, and no more', async () => {
    const caller = callerOf('filters')
    const other = { ...caller, subject: 'key_other' }
    for (let at = 0; at < 12; at++) {
      await ask(at % 3 === 0 ? other : caller, 'createFiles', { body: { files: [{ path: `f${at}.txt` }] } })
      await expect(ask(caller, 'cancelTask', { path: { id: `t_${at}` } })).rejects.toThrow()
    }
    const all = await entriesOf(caller)
    const [first, middle] = [all[0], all[6]] as [AuditEntry, AuditEntry]
    const wanted: [Record<string, string>, (entry: AuditEntry) => boolean][] = [
      [{ subject: 'key_other' }, ({ subject }) => subject === 'key_other'],
      [{ action: 'createFiles' }, ({ action }) => action === 'createFiles'],
      [{ outcome: 'refused' }, ({ outcome }) => outcome === 'refused'],
      [{ resource: 'tasks/t_0/' }, ({ resource }) => resource === 'tasks/t_0/cancel'],
      [{ resource: 'tasks/t_' }, () => false],
      [{ since: middle.at }, ({ at }) => at >= middle.at],
      [
        { until: middle.at, action: 'createFiles' },
        ({ at, action }) => at < middle.at && action === 'createFiles',
      ],
      [{ until: first.at }, () => false],
    ]
    for (const [query, fits] of wanted) {
      for (const order of ['oldest', 'newest']) {
        const found: AuditEntry[] = []
        for (let from: string | undefined; ; ) {
          const page = await ask(caller, 'listAudit', {
            query: { ...query, order, limit: '2', ...(from === undefined ? {} : { from }) },
          })
          expect(page.entries.length).toBeLessThanOrEqual(2)
          found.push(...page.entries)
          if (page.next === null) break
          from = String(page.next)
        }
        const expected = all.filter(fits)
        expect(found, JSON.stringify({ query, order })).toEqual(
          order === 'oldest' ? expected : expected.toReversed(),
        )
      }
    }
  })

  it('has no anchors in a stage without them, and says so', async () => {
    expect(await ask(callerOf('unanchored'), 'listAnchors')).toEqual({
      tenant: 'unanchored',
      key: null,
      anchors: [],
      next: null,
    })
  })

  it('is answered, and says so, where what was done just now could not be appended', async () => {
    const ports = { ...stores.ports, auditWriter: { appendFor: async () => false } }
    const page = await ask(callerOf('behind'), 'listAudit', {}, ports)
    expect(page).toEqual({ entries: [], next: null, incomplete: true })
  })

  it('has what was created, by its path, and what was done with it, in one chain', async () => {
    const caller = callerOf('acme')
    const { taskId } = await ask(caller, 'submitTask', { body: { workflow, input: {} } })
    await ask(caller, 'cancelTask', { path: { id: taskId } })
    await expect(ask(caller, 'cancelTask', { path: { id: 't_none' } })).rejects.toThrow()
    const entries = await entriesOf(caller)
    expect(
      entries.map(({ action, resource, outcome, status }) => ({ action, resource, outcome, status })),
    ).toEqual([
      { action: 'submitTask', resource: `tasks/${taskId}`, outcome: 'done', status: 202 },
      { action: 'cancelTask', resource: `tasks/${taskId}/cancel`, outcome: 'done', status: 200 },
      { action: 'cancelTask', resource: 'tasks/t_none/cancel', outcome: 'refused', status: 400 },
    ])
    expect(new ChainCheck(stores.ports.ids.digest).check(entries)).toBeUndefined()
  })

  it('is of the tenant of its reader alone, and its contents are digests', async () => {
    await ask(callerOf('one'), 'createFiles', { body: { files: [{ path: 'secret-name.txt' }] } })
    expect(await entriesOf(callerOf('two'))).toEqual([])
    expect(JSON.stringify(await entriesOf(callerOf('one')))).not.toContain('secret-name')
  })

  it('does not have what only reads', async () => {
    const caller = callerOf('reader')
    await ask(caller, 'listTasks')
    await ask(caller, 'makePlan', { body: { workflow, input: {} } })
    expect(await entriesOf(caller)).toEqual([])
  })

  it('goes before the effect: where nothing can be noted, nothing is done', async () => {
    const caller = callerOf('unnoted')
    const unavailable = async () => {
      throw new OrchestratorError('UnavailableError', 'the table is throttled')
    }
    const ports = { ...stores.ports, audit: { ...stores.ports.audit, note: unavailable } }
    await expect(ask(caller, 'submitTask', { body: { workflow, input: {} } }, ports)).rejects.toMatchObject({
      name: 'UnavailableError',
    })
    expect((await ask(caller, 'listTasks')).tasks).toEqual([])
  })
})
