/** What is said when a tenant has as much as each of its quotas allows. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { registerAgent } from '../../../shared/app/agents/manage-agents.ts'
import { registerWorkflow } from '../../../shared/app/catalogue/register-workflow.ts'
import { createKey } from '../../../shared/app/keys/manage-keys.ts'
import { RequestQuota } from '../../../shared/app/quotas/request-quota.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { getUsage } from '../../../shared/app/views/get-usage.ts'
import { COUNTED_QUOTAS } from '../../../shared/contracts/usage-views.ts'
import { hostedName } from '../../../shared/domain/agent-function.ts'
import type { Caller } from '../../../shared/domain/caller.ts'
import type { QuotasOfTenant } from '../../../shared/domain/quotas.ts'
import type { Ports } from '../../../shared/ports/index.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { callerOf } from '../../support/stores/callers.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
  await stores.ports.agents.putAgent(makeAgent({ id: 'echo', capability: 'echo' }))
})
afterAll(() => stores.stop())

type Act = (ports: typeof stores.ports, caller: Caller, name: string) => Promise<unknown>

const agent = (id: string, tenant: string) => ({
  id,
  version: '1.0.0',
  description: 'of a tenant',
  capabilities: [{ name: 'work.own', description: '', inputSchema: {}, outputSchema: {} }],
  functionArn: `arn:aws:lambda:us-east-1:123456789012:function:${hostedName(tenant, id)}`,
  limits: { timeoutSeconds: 60, memoryMb: 512 },
  price: { perCallUsd: 0 },
  tags: [],
})
const workflow = (name: string) => ({
  name,
  steps: { say: { capability: 'echo', input: { message: name } } },
})

/** What uses one of each quota, and what is said when it was the last. */
const REFUSALS: readonly [quota: keyof QuotasOfTenant, act: Act, refusal: object][] = [
  [
    'requestsPerMinute',
    // One instance for each request: none knows what another has taken.
    (ports, { tenant }) => new RequestQuota(ports).take(tenant),
    {
      name: 'TooManyRequestsError',
      status: 429,
      message: expect.stringMatching(
        /^tenant "t-requestsPerMinute" has used its quota of 1 requests a minute \(requestsPerMinute of the stage\); the next minute begins in \d+ s$/,
      ),
    },
  ],
  [
    'tasksPerDay',
    (ports, caller, name) => submitTask(ports)({ workflow: workflow(name), input: {}, metadata: {} }, caller),
    {
      name: 'QuotaExceededError',
      status: 429,
      message: expect.stringMatching(
        /^tenant "t-tasksPerDay" has used its quota of 1 tasks a day \(tasksPerDay of the stage\); the next day begins at 2\d{3}-\d\d-\d\dT00:00:00\.000Z$/,
      ),
    },
  ],
  [
    'agents',
    (ports, caller, name) => registerAgent(ports)(agent(name, caller.tenant), caller),
    {
      name: 'QuotaExceededError',
      status: 429,
      message: 'tenant "t-agents" has registered 1 agents, as many as its quota allows (agents of the stage)',
    },
  ],
  [
    'workflows',
    (ports, caller, name) => registerWorkflow(ports)({ name, workflow: workflow(name) }, caller),
    {
      name: 'QuotaExceededError',
      status: 429,
      message:
        'tenant "t-workflows" has registered 1 workflows, as many as its quota allows (workflows of the stage)',
    },
  ],
  [
    'keys',
    (ports, caller, name) =>
      createKey({ ...ports, takesKeys: true })({ name, scopes: ['tasks:read'] }, caller),
    {
      name: 'QuotaExceededError',
      status: 429,
      message:
        'tenant "t-keys" has 1 live keys, as many as its quota allows (keys of the stage): revoke one that is not used',
    },
  ],
]

it.each(REFUSALS)(
  '%s is refused beyond the quota, and told by the usage (usage/W2)',
  async (quota, act, refusal) => {
    const tenant = `t-${quota}`
    const caller = { ...callerOf('acme'), tenant }
    const quotas: Ports['quotas'] = { ...stores.ports.quotas, quotasOf: () => ({ [quota]: 1 }) }
    const told: string[] = []
    const bus: Ports['bus'] = {
      ...stores.ports.bus,
      publish: async (events) => void told.push(...events.map(({ type }) => type)),
    }
    const ports = { ...stores.ports, quotas, bus }
    await act(ports, caller, 'first')
    await expect(act(ports, caller, 'second')).rejects.toMatchObject(refusal)
    await expect(act(ports, caller, 'again')).rejects.toMatchObject(refusal)
    // Once, though it was refused twice.
    const reached = told.filter((type) => type === 'tenant.quota_reached')
    expect(reached).toHaveLength(quota === 'tasksPerDay' ? 1 : 0)
    const usage = await getUsage(ports)({}, caller)
    expect(usage.quotas.find((one) => one.quota === quota)).toMatchObject({ used: 1, limit: 1 })
    // Another tenant, and one whose quota was taken away, goes on.
    const free = { ...stores.ports, quotas: { ...quotas, quotasOf: () => ({}) } }
    await act(free, caller, 'third')
  },
)

it('are all that count, but what waits for its turn or for money (month/M5)', () => {
  const refused = REFUSALS.map(([quota]) => quota)
  expect([...refused, 'concurrency', 'usdPerMonth'].sort()).toEqual([...COUNTED_QUOTAS].sort())
})
