/** The audit at the door: what every route that changes something leaves behind. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHandlers } from '../../../functions/api/handlers.ts'
import { isAudited } from '../../../functions/middleware/audited.ts'
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
