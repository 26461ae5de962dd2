/** Quotas of tenants at both doors of the local cloud: one is refused, the other is not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type UsageView, UsageViewSchema } from '../../../shared/contracts/usage-views.ts'
import type { Scope } from '../../../shared/domain/caller.ts'
import type { Tenants } from '../../../shared/domain/quotas.ts'
import { startTokenCloud, type TokenCloud } from '../../support/cloud/token-cloud.ts'

const TENANTS: Tenants = {
  '*': { tasksPerDay: 50 },
  default: { requestsPerMinute: 60 },
  slow: { requestsPerMinute: 10 },
  small: { tasksPerDay: 2, agents: 1, workflows: 1, keys: 1, allowedAgents: ['echo'], usdPerMonth: 5 },
  narrow: { concurrency: 1 },
  free: { tasksPerDay: 'unlimited' },
}
const WORKFLOW = { name: 'says', steps: { say: { capability: 'echo', input: { message: 'hello' } } } }

let cloud: TokenCloud
beforeAll(async () => {
  cloud = await startTokenCloud({}, { tenants: JSON.stringify(TENANTS) })
}, 180_000)
afterAll(() => cloud.stop())

type Answer = { status: number; headers: Headers; body: Record<string, unknown> }

async function asTenant(
  tenant: string,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const token = await cloud.issuer.token({ tenant })
  const answer = await fetch(`${cloud.apiUrl}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  return {
    status: answer.status,
    headers: answer.headers,
    body: (await answer.json()) as Record<string, unknown>,
  }
}

const usageOf = async (tenant: string): Promise<UsageView> =>
  UsageViewSchema.parse((await asTenant(tenant, 'GET', '/usage')).body)

describe('requests a minute', () => {
  it('are limited for one tenant at the door for tokens, and not for another', async () => {
    // As many as two minutes never let in, whenever the first of them begins.
    const asked = Array.from({ length: 25 }, () => asTenant('slow', 'GET', '/workflows'))
    const others = Array.from({ length: 25 }, () => asTenant('free', 'GET', '/workflows'))
    const [answers, free] = await Promise.all([Promise.all(asked), Promise.all(others)])
    expect(new Set(free.map(({ status }) => status))).toEqual(new Set([200]))
    expect(free.every(({ headers }) => headers.get('ratelimit') === null)).toBe(true)
    const refused = answers.find(({ status }) => status === 429)
    expect(refused?.body).toMatchObject({
      type: 'urn:orchestrator:TooManyRequestsError',
      detail: expect.stringContaining('tenant "slow" has used its quota of 10 requests a minute'),
    })
    const seconds = Number(refused?.headers.get('retry-after'))
    expect(seconds).toBeGreaterThanOrEqual(1)
    expect(seconds).toBeLessThanOrEqual(60)
    expect(refused?.headers.get('ratelimit-policy')).toBe('"requests";q=10;w=60')
    expect(refused?.headers.get('ratelimit')).toBe(`"requests";r=0;t=${seconds}`)
    const letIn = answers.filter(({ status }) => status === 200)
    expect(letIn.length).toBeGreaterThan(0)
    expect(letIn.length).toBeLessThanOrEqual(20)
    for (const { headers } of letIn) expect(headers.get('ratelimit')).toMatch(/^"requests";r=\d;t=\d+$/)
  })
})

describe('tasks a day', () => {
  it('are counted once for each, and refused beyond the quota, but not for another tenant', async () => {
    const submit = (tenant: string, key: string) =>
      asTenant(tenant, 'POST', '/tasks', { workflow: WORKFLOW }, { 'idempotency-key': key })
    const first = await submit('small', 'a')
    expect(first.status, JSON.stringify(first.body)).toBe(202)
    expect((await submit('small', 'a')).body.taskId).toBe(first.body.taskId)
    expect((await submit('small', 'b')).status).toBe(202)
    const refused = await submit('small', 'c')
    expect(refused.status).toBe(429)
    expect(refused.body).toMatchObject({
      type: 'urn:orchestrator:QuotaExceededError',
      detail: expect.stringContaining('tenant "small" has used its quota of 2 tasks a day'),
    })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    // A repeat finds its task though the day is full.
    expect((await submit('small', 'a')).body.taskId).toBe(first.body.taskId)
    const fork = await asTenant('small', 'POST', `/tasks/${String(first.body.taskId)}/fork`, {})
    expect([fork.status, fork.body.type]).toEqual([429, 'urn:orchestrator:QuotaExceededError'])
    for (const key of ['a', 'b', 'c']) expect((await submit('free', key)).status).toBe(202)
    const { quotas } = await usageOf('small')
    expect(quotas.find(({ quota }) => quota === 'tasksPerDay')).toMatchObject({ used: 2, limit: 2 })
  })
})

describe('tasks at once', () => {
  it('wait for one tenant, and not for another', async () => {
    const asks = { name: 'asks', steps: { ask: { approval: { prompt: 'Go?', timeoutSeconds: 600 } } } }
    const statuses = async (tenant: string) => {
      const made = []
      for (let at = 0; at < 2; at++)
        made.push((await asTenant(tenant, 'POST', '/tasks', { workflow: asks })).body.status)
      return made
    }
    expect(await statuses('narrow')).toEqual(['running', 'queued'])
    expect(await statuses('free')).toEqual(['running', 'running'])
    const { quotas } = await usageOf('narrow')
    expect(quotas).toContainEqual({ quota: 'concurrency', used: 1, limit: 1 })
  })
})

describe('what a tenant registers', () => {
  const agent = (id: string) => ({
    id,
    version: '1.0.0',
    description: 'An agent of a tenant',
    capabilities: [
      {
        name: 'tenant.work',
        description: 'Works',
        inputSchema: { type: 'object' },
        outputSchema: { type: 'object' },
      },
    ],
    functionArn: `arn:aws:lambda:us-east-1:000000000000:function:orchestrator-agent-small_${id}`,
  })

  it('is limited: agents, workflows and keys', async () => {
    const both = await Promise.all(
      ['one', 'two'].map((id) => asTenant('small', 'POST', '/agents', agent(id))),
    )
    expect(both.map(({ status }) => status).sort()).toEqual([201, 429])
    const kept = both[0]?.status === 201 ? 'one' : 'two'
    expect((await asTenant('small', 'POST', '/agents', { ...agent(kept), version: '1.1.0' })).status).toBe(
      201,
    )
    expect((await asTenant('small', 'DELETE', `/agents/${kept}`)).status).toBe(200)
    expect((await asTenant('small', 'POST', '/agents', agent('three'))).status).toBe(201)
    const put = (name: string) =>
      asTenant('small', 'PUT', `/workflows/${name}`, { workflow: { ...WORKFLOW, name } })
    const first = await put('says')
    expect(first.status, JSON.stringify(first.body)).toBeLessThan(300)
    expect((await put('other')).body).toMatchObject({
      type: 'urn:orchestrator:QuotaExceededError',
      detail:
        'tenant "small" has registered 1 workflows, as many as its quota allows (workflows of the stage)',
    })
    const key = () => asTenant('small', 'POST', '/keys', { name: 'ci', scopes: ['tasks:read'] })
    expect([(await key()).status, (await key()).status]).toEqual([201, 429])
  })

  it('may use the agents that it is allowed, and is told of others that it is not', async () => {
    const pinned = {
      name: 'p',
      steps: {
        profile: { agent: 'analysis', capability: 'analysis.profile', input: { source: 'a,b\n1,2\n' } },
      },
    }
    const plan = await asTenant('small', 'POST', '/plans', { workflow: pinned })
    expect(plan.status).toBe(422)
    expect(JSON.stringify(plan.body)).toContain('is not allowed for tenant small')
    expect((await asTenant('free', 'POST', '/plans', { workflow: pinned })).body.detail ?? '').not.toContain(
      'is not allowed',
    )
  })
})

describe('usage', () => {
  it("is the caller's own, and for an operator that of others (usage/W1, usage/W2)", async () => {
    const own = await usageOf('small')
    expect(own).toMatchObject({
      tenant: 'small',
      allowed: { agents: ['echo'] },
      money: { byDay: [] },
      quotas: [
        { quota: 'tasksPerDay', used: 2, limit: 2 },
        { quota: 'agents', used: 1, limit: 1 },
        { quota: 'workflows', used: 1, limit: 1 },
        { quota: 'keys', used: 1, limit: 1 },
        { quota: 'usdPerMonth', used: 0, reserved: 0, limit: 5 },
      ],
    })
    expect(own.tasks.byStatus.reduce((sum, { count }) => sum + count, 0)).toBe(2)
    expect((await asTenant('small', 'GET', '/usage?tenant=free')).status).toBe(403)
    const past = await asTenant('small', 'GET', '/usage?month=2026-01')
    expect(past.body).toMatchObject({ month: '2026-01' })
    expect((await asTenant('small', 'GET', '/usage?month=2026-13')).status).toBe(400)
    const asKey = async (scopes: Scope[]) => {
      const { key } = await cloud.makeKey({ scopes })
      return fetch(`${cloud.apiUrl}/api/v1/usage?tenant=small`, {
        headers: { authorization: `Bearer ${key}` },
      })
    }
    // Keys of the tenant `default`: of an operator, and of somebody who only reads tasks.
    const operator = await asKey(['admin'])
    expect(UsageViewSchema.parse(await operator.json()).quotas).toEqual(own.quotas)
    expect((await asKey(['tasks:read'])).status).toBe(403)
  })
})

// Last: it uses up the minute of the operator.
describe('requests a minute at the door of IAM', () => {
  it('are limited too, and told also in answers that are errors', async () => {
    const asked = Array.from({ length: 130 }, () =>
      cloud.askAsUser({ method: 'GET', path: '/api/v1/tasks/t_00000000000000000000000000' }),
    )
    const answers = await Promise.all(asked)
    const statuses = new Set(answers.map(({ status }) => status))
    expect(statuses).toContain(429)
    expect([...statuses].filter((status) => status !== 429)).toEqual([404])
  })
})
