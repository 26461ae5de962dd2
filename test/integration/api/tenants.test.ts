/** Tenant isolation: two tenants on every route of the API; neither sees the other's data. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHandlers } from '../../../functions/api/handlers.ts'
import { ROUTES, type RouteId } from '../../../shared/contracts/routes.ts'
import { DEFAULT_TENANT } from '../../../shared/domain/caller.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { callerOf } from '../../support/stores/callers.ts'
import { seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

const OWNER = 'owner'
const OTHER = 'other'
/** A text in the owner's task that no answer to the other tenant may contain. */
const MARK = 'mark-of-the-owner'
const NEVER = `t_${'0'.repeat(26)}`
const KEY = 'one-key'

let stores: Awaited<ReturnType<typeof startStores>>
let workflow: string
let theirs: string

type Request = {
  path?: Record<string, string>
  query?: Record<string, string>
  body?: object
  headers?: Record<string, string>
}

async function ask(tenant: string, route: RouteId, { path, query, body, headers = {} }: Request = {}) {
  const event: object = {
    headers,
    ...(path ? { pathParameters: path } : {}),
    ...(query ? { queryStringParameters: query } : {}),
    ...(body ? { body } : {}),
  }
  const handlers = makeHandlers({ ...stores.ports, takesKeys: true }, { callerOf: () => callerOf(tenant) })
  return JSON.parse((await handlers[route](event as APIGatewayProxyEventV2)).body ?? '')
}

const submission = () => ({
  body: { workflow, input: {}, metadata: { mark: MARK } },
  headers: { 'idempotency-key': KEY },
})

beforeAll(async () => {
  stores = await startStores()
  const steps = { ask: { approval: { prompt: 'Go?', timeoutSeconds: 60 } } }
  workflow = await seedWorkflow(stores.ports, { steps, agents: [makeAgent()] })
  theirs = (await ask(OWNER, 'submitTask', submission())).taskId
})
afterAll(() => stores.stop())

/** Routes with a task id. */
const OF_A_TASK: Partial<Record<RouteId, (id: string) => Request>> = {
  getTask: (id) => ({ path: { id } }),
  getTaskStatus: (id) => ({ path: { id } }),
  getTaskResult: (id) => ({ path: { id } }),
  getTaskInput: (id) => ({ path: { id } }),
  getTaskWorkflow: (id) => ({ path: { id } }),
  listTaskSteps: (id) => ({ path: { id } }),
  getTaskStep: (id) => ({ path: { id, stepId: 'ask' } }),
  getTaskStepInput: (id) => ({ path: { id, stepId: 'ask' } }),
  listTaskStepTranscript: (id) => ({ path: { id, stepId: 'ask' } }),
  listTaskEvents: (id) => ({ path: { id } }),
  listTaskLogs: (id) => ({ path: { id } }),
  listTaskFiles: (id) => ({ path: { id } }),
  getTaskFile: (id) => ({ path: { id, fileId: 'f_00000000000000000000000000' } }),
  cancelTask: (id) => ({ path: { id } }),
  retryTask: (id) => ({ path: { id } }),
  forkTask: (id) => ({ path: { id } }),
  answerApproval: (id) => ({ path: { id, stepId: 'ask' }, body: { decision: 'approve', by: 'ada' } }),
  createLink: (id) => ({ path: { id }, body: { action: 'answer', stepId: 'ask' } }),
  listLinks: (id) => ({ path: { id } }),
  revokeLink: (id) => ({ path: { id, linkId: 'l_00000000000000000000000000' } }),
  deleteTask: (id) => ({ path: { id } }),
  rateStep: (id) => ({ path: { id, stepId: 'ask' }, body: { score: 1 } }),
  postMessage: (id) => ({ path: { id }, body: { to: 'hear' } }),
  listMessages: (id) => ({ path: { id } }),
  getTaskState: (id) => ({ path: { id } }),
  getTaskStateKey: (id) => ({ path: { id, key: 'k' } }),
  listTaskStateHistory: (id) => ({ path: { id, key: 'k' } }),
  putTaskStateKey: (id) => ({ path: { id, key: 'k' }, body: { value: 1 } }),
  makeStateSnapshot: (id) => ({ path: { id } }),
  restoreTaskState: (id) => ({ path: { id }, body: { at: '2026-01-01T00:00:00Z' } }),
}

/** Routes over all tasks of a tenant, or without tasks. What deployments have brought, and the API's description, belong to the installation. */
const OF_A_TENANT: Partial<Record<RouteId, () => Request>> = {
  listTasks: () => ({}),
  listApprovals: () => ({}),
  cancelAllTasks: () => ({ body: { all: true } }),
  submitTask: submission,
  makePlan: () => ({ body: { workflow, input: {} } }),
  createFiles: () => ({ body: { files: [{ path: 'a.csv' }] } }),
  listUploads: () => ({}),
  getTenant: () => ({ path: { name: OTHER } }),
  listAgents: () => ({}),
  getAgent: () => ({ path: { id: 'worker' } }),
  registerAgent: () => {
    const { id, version, description, capabilities } = makeAgent({ id: 'anew' })
    const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:agent-other_anew'
    return { body: { id, version, description, capabilities, functionArn } }
  },
  resetAgent: () => ({ path: { id: 'anew' } }),
  retireAgent: () => ({ path: { id: 'anew' } }),
  createKey: () => ({ body: { name: 'ci', scopes: ['tasks:read'] } }),
  listKeys: () => ({}),
  listAnchors: () => ({}),
  listModels: () => ({}),
  getUsage: () => ({}),
  listWorkflows: () => ({}),
  getWorkflow: () => ({ path: { name: workflow } }),
  putWorkflow: () => ({
    path: { name: 'published' },
    body: { workflow: { name: 'published', version: 1, steps: { s: { capability: 'work.do' } } } },
  }),
  getHealth: () => ({}),
  getOpenApi: () => ({}),
  getLinks: () => ({}),
}

/** Routes with the id of a key. */
const OF_A_KEY: Partial<Record<RouteId, (id: string) => Request>> = {
  revokeKey: (id) => ({ path: { id } }),
  rotateKey: (id) => ({ path: { id } }),
}

/** Tenants that the caller does not belong to; what the stage has is the first one's. */
const OTHERS = [DEFAULT_TENANT, OWNER]
const LISTS = ['listTasks', 'listApprovals', 'listAgents', 'listKeys', 'listModels', 'listWorkflows'] as const

/** All lists of a tenant, without the load of agents that all share. */
async function shownTo(tenant: string): Promise<unknown> {
  const lists = await Promise.all(LISTS.map((route) => ask(tenant, route)))
  return JSON.parse(JSON.stringify(lists, (name, value: unknown) => (name === 'now' ? undefined : value)))
}

const entries = <T>(table: Partial<Record<RouteId, T>>) => Object.entries(table) as [RouteId, T][]

describe('a task of another tenant', () => {
  it('is tried at every route', () => {
    const tried = [OF_A_TASK, OF_A_TENANT, OF_A_KEY].flatMap(Object.keys)
    // A deletion of the other one would leave nothing to look at: test/property/tenant-deletion.test.ts.
    expect([...tried, 'listAudit', 'deleteTenant'].sort()).toEqual(Object.keys(ROUTES).sort())
    const withTask = Object.values(ROUTES).filter(({ path }) => path.startsWith('/tasks/{id}'))
    expect(Object.keys(OF_A_TASK).sort()).toEqual(withTask.map(({ id }) => id).sort())
  })

  it.each(entries(OF_A_TASK))(
    '%s: gets the same 404 as a task that never existed',
    async (route, requestFor) => {
      const before = await ask(OWNER, 'getTask', { path: { id: theirs } })
      const refusalOf = async (id: string): Promise<unknown> =>
        ask(OTHER, route, requestFor(id)).catch(({ name, message, details }) => ({ name, message, details }))
      const refused = {
        name: 'NotFoundError',
        message: `there is no task ${theirs}`,
        details: { taskId: theirs },
      }
      expect(await refusalOf(theirs)).toEqual(refused)
      expect(JSON.stringify(await refusalOf(NEVER))).toBe(JSON.stringify(refused).replaceAll(theirs, NEVER))
      expect(await ask(OWNER, 'getTask', { path: { id: theirs } })).toEqual(before)
    },
  )

  it.each(entries(OF_A_TENANT))('%s: is in no response, and stays unchanged', async (route, request) => {
    const before = await ask(OWNER, 'getTask', { path: { id: theirs } })
    const shown = await Promise.all(OTHERS.map(shownTo))
    const answer = await ask(OTHER, route, request())
    // Scopes hold within the caller's own tenant only, also `admin`.
    expect(await Promise.all(OTHERS.map(shownTo))).toEqual(shown)
    // The other tenant submits the same body with the same Idempotency-Key, and gets a task of its own with the same mark.
    if (route !== 'submitTask') expect(JSON.stringify(answer)).not.toContain(MARK)
    if (route === 'cancelAllTasks') expect(answer).toEqual({ tasks: [], failed: [], more: false })
    if (route === 'listTasks') expect(answer).toEqual({ tasks: [] })
    expect(JSON.stringify(answer)).not.toContain(theirs)
    expect(await ask(OWNER, 'getTask', { path: { id: theirs } })).toEqual(before)
  })

  it('listAudit: tells what its own tenant has asked for, and nothing of the owner', async () => {
    const { entries: told } = await ask(OTHER, 'listAudit', { query: { limit: '100' } })
    expect(new Set(told.map(({ tenant }: { tenant: string }) => tenant))).toEqual(new Set([OTHER]))
    expect(JSON.stringify(told)).not.toContain(MARK)
  })

  it.each(entries(OF_A_KEY))('%s: a key of another tenant is not found', async (route, requestFor) => {
    const { id } = await ask(OWNER, 'createKey', { body: { name: 'ci', scopes: ['tasks:read'] } })
    const told = await ask(OTHER, route, requestFor(id)).catch(({ name, message }) => ({ name, message }))
    expect(told).toEqual({ name: 'NotFoundError', message: `there is no key ${id}` })
    const { keys } = await ask(OWNER, 'listKeys')
    expect(keys).toContainEqual(expect.objectContaining({ id, status: 'live' }))
  })

  it('is found by its own tenant', async () => {
    expect(await ask(OWNER, 'submitTask', submission())).toMatchObject({ taskId: theirs })
    const { tasks } = await ask(OWNER, 'listTasks')
    expect(tasks).toMatchObject([{ taskId: theirs, metadata: { mark: MARK } }])
    expect(await ask(OWNER, 'cancelAllTasks', { body: { all: true } })).toMatchObject({
      tasks: [{ taskId: theirs, status: 'cancelled' }],
    })
  })
})
