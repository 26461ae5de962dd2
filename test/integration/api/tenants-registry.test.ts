/** Two tenants with the same names of agents and workflows, over the routes of the API. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { makeHandlers } from '../../../functions/api/handlers.ts'
import { removeDeployment } from '../../../shared/app/catalogue/remove-deployment.ts'
import { catalogueFor } from '../../../shared/app/goals/planning-knowledge.ts'
import { collectMachines } from '../../../shared/app/machines/collect-machines.ts'
import { wholeOf, withinTenant } from '../../../shared/app/tenants/within-tenant.ts'
import type { RouteId } from '../../../shared/contracts/routes.ts'
import { hostedName } from '../../../shared/domain/agent-function.ts'
import { CLOSED } from '../../../shared/domain/breaker.ts'
import type { Scope } from '../../../shared/domain/caller.ts'
import { additionsOf } from '../../../shared/selector/decayed-counters.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { callerOf } from '../../support/stores/callers.ts'
import { startStores } from '../../support/stores/start-stores.ts'

const TENANTS = ['default', 'acme', 'rival'] as const

let stores: Awaited<ReturnType<typeof startStores>>
const started: (typeof stores)[] = []
beforeEach(async () => {
  stores = await startStores()
  started.push(stores)
})
afterAll(() => Promise.all(started.map(({ stop }) => stop())))

type Request = { path?: object; body?: object; scopes?: readonly Scope[] }

async function ask(tenant: string, route: RouteId, { path, body, scopes = ALL_BUT_ADMIN }: Request = {}) {
  const event: object = {
    headers: {},
    ...(path ? { pathParameters: path } : {}),
    ...(body ? { body } : {}),
  }
  const handlers = makeHandlers(stores.ports, {
    callerOf: () => ({ ...callerOf(tenant), scopes }),
  })
  return JSON.parse((await handlers[route](event as APIGatewayProxyEventV2)).body ?? '')
}
const ALL_BUT_ADMIN = ['tasks:write', 'tasks:approve', 'agents:write', 'workflows:write'] as const

const nameOf = (error: { name: string }) => error.name
const PLACE = 'arn:aws:lambda:us-east-1:123456789012:function:'
const HOSTED = (tenant: string, id = 'translator') => PLACE + hostedName(tenant, id)
const agentBody = (tenant: string, id = 'translator') => ({
  id,
  version: '1.0.0',
  description: `of ${tenant}`,
  capabilities: [{ name: 'text.translate', description: tenant, inputSchema: {}, outputSchema: {} }],
  functionArn: HOSTED(tenant, id),
})
const registerAgent = (tenant: string, id?: string) =>
  ask(tenant, 'registerAgent', { body: agentBody(tenant, id) })
const workflowBody = (tenant: string, version = 1) => ({
  workflow: {
    name: 'report',
    version,
    description: `of ${tenant}`,
    taskTypes: ['reporting'],
    steps: {
      t: { capability: 'text.translate', agent: 'translator', fallback: ['translator'], input: tenant },
    },
  },
})
const putWorkflow = (tenant: string, version?: number) =>
  ask(tenant, 'putWorkflow', { path: { name: 'report' }, body: workflowBody(tenant, version) })
const idsSeen = async (tenant: string): Promise<string[]> =>
  (await ask(tenant, 'listAgents')).agents.map(({ id }: { id: string }) => id)

describe('agents of the same id', () => {
  it('are listed, shown, called, reset and retired by their tenant alone (within/W1)', async () => {
    await stores.ports.agents.putAgent(makeAgent({ id: 'common' }))
    for (const tenant of TENANTS) expect(await registerAgent(tenant)).toMatchObject({ id: 'translator' })
    await registerAgent('rival', 'secret')
    expect(await Promise.all(TENANTS.map(idsSeen))).toEqual([
      ['common', 'translator'],
      ['common', 'translator'],
      ['common', 'secret', 'translator'],
    ])
    for (const tenant of TENANTS) {
      const shown = await ask(tenant, 'getAgent', { path: { id: 'translator' } })
      expect([shown.id, shown.description]).toEqual(['translator', `of ${tenant}`])
    }
    for (const id of ['secret', 'rival/secret', 'rival/translator', '../rival/secret'])
      for (const route of ['getAgent', 'resetAgent', 'retireAgent'] as const)
        expect(await ask('acme', route, { path: { id } }).catch(nameOf)).toBe('NotFoundError')
    expect(
      await ask('acme', 'getAgent', { path: { id: 'secre' } }).catch(({ message }) => message),
    ).not.toContain('secret')
    await ask('acme', 'retireAgent', { path: { id: 'translator' } })
    expect(await ask('rival', 'getAgent', { path: { id: 'translator' } })).toMatchObject({ status: 'active' })
    expect(await ask('acme', 'getAgent', { path: { id: 'translator' } })).toMatchObject({
      status: 'inactive',
    })
  })

  it('stay their own when a deployment brings the id, until they are retired (within/W2)', async () => {
    await registerAgent('acme')
    await stores.ports.agents.putAgent(makeAgent({ id: 'translator', description: 'of the stage' }))
    const seenBy = async (tenant: string) => {
      const { agents } = await ask(tenant, 'listAgents')
      const one = await ask(tenant, 'getAgent', { path: { id: 'translator' } })
      return [agents.map(({ description }: { description: string }) => description), one.description]
    }
    expect(await seenBy('acme')).toEqual([['of acme'], 'of acme'])
    expect(await registerAgent('acme')).toMatchObject({ id: 'translator' })
    expect(await seenBy('rival')).toEqual([['of the stage'], 'of the stage'])
    await ask('acme', 'retireAgent', { path: { id: 'translator' } })
    expect(await seenBy('acme')).toEqual([['of the stage'], 'of the stage'])
    await expect(registerAgent('acme')).rejects.toMatchObject({ name: 'ConflictError' })
  })

  it('are refused where the stage has the id, and reset by who owns the statistics', async () => {
    await stores.ports.agents.putAgent(makeAgent({ id: 'translator' }))
    for (const tenant of TENANTS)
      await expect(registerAgent(tenant)).rejects.toMatchObject({ name: 'ConflictError', status: 409 })
    const reset = (tenant: string) => ask(tenant, 'resetAgent', { path: { id: 'translator' } })
    expect(await reset('default')).toMatchObject({ id: 'translator' })
    await expect(reset('acme')).rejects.toMatchObject({ name: 'ConflictError', status: 409 })
    // What all have counted is not the tenant's, whatever it may do there.
    const scopes = ['admin'] as const
    await expect(ask('acme', 'resetAgent', { path: { id: 'translator' }, scopes })).rejects.toMatchObject({
      name: 'ConflictError',
      status: 409,
    })
  })

  it.each<[string, string, string]>([
    ['of another tenant', 'acme', HOSTED('rival')],
    ['of no tenant', 'acme', HOSTED('default')],
    ['of a tenant, by default', 'default', HOSTED('acme')],
    ['of another agent', 'acme', HOSTED('acme', 'spy')],
    ['whose name begins so', 'acme', `${HOSTED('acme')}-two`],
    ['of the stage', 'acme', `${PLACE}agent-echo`],
    ['of the orchestrator itself', 'default', `${PLACE}api`],
    ['of another account', 'acme', HOSTED('acme').replace('123456789012', '210987654321')],
    ['of another region', 'acme', HOSTED('acme').replace('us-east-1', 'eu-west-1')],
    ['of another partition', 'acme', HOSTED('acme').replace('arn:aws:', 'arn:aws-cn:')],
  ])('are not those of a function %s (function/F1)', async (_what, tenant, functionArn) => {
    const body = { ...agentBody(tenant), functionArn }
    const refused = await ask(tenant, 'registerAgent', { body }).catch(({ name, message }) => ({
      name,
      message,
    }))
    expect(refused).toMatchObject({ name: 'InvalidInputError' })
    expect(refused.message).toContain(`"${tenant}" is ${HOSTED(tenant)}, and this is ${functionArn}`)
    expect(await idsSeen(tenant)).toEqual([])
  })

  it('may be of a version of their function, and change nothing where they are the same', async () => {
    const body = { ...agentBody('acme'), functionArn: `${HOSTED('acme')}:live` }
    const first = await ask('acme', 'registerAgent', { body })
    expect(await ask('acme', 'registerAgent', { body })).toEqual(first)
    const changed = await ask('acme', 'registerAgent', { body: { ...body, version: '1.0.1' } })
    expect(changed).toMatchObject({ version: '1.0.1' })
    expect(Date.parse(changed.registeredAt)).toBeGreaterThanOrEqual(Date.parse(first.registeredAt))
  })
})

describe('workflows of the same name', () => {
  beforeEach(async () => {
    for (const tenant of TENANTS) await registerAgent(tenant)
  })

  it('are listed, planned and run by their tenant alone (within/W1, publish/V6)', async () => {
    const published = []
    for (const tenant of TENANTS) published.push(await putWorkflow(tenant))
    const machines = published.map(({ stateMachineArn }) => stateMachineArn)
    expect(new Set(machines).size).toBe(3)
    for (const [at, tenant] of TENANTS.entries()) {
      const { workflows } = await ask(tenant, 'listWorkflows')
      expect(workflows).toMatchObject([{ name: 'report', description: `of ${tenant}` }])
      const shown = await ask(tenant, 'getWorkflow', { path: { name: 'report' } })
      expect(shown.definition.steps.t.input).toBe(tenant)
      for (const named of [{ type: 'reporting' }, { workflow: 'report' }, { workflow: 'report@1' }]) {
        const { bindings } = await ask(tenant, 'makePlan', { body: { ...named, input: {} } })
        expect(bindings.t).toMatchObject({
          agentId: 'translator',
          functionArn: agentBody(tenant).functionArn,
        })
        const { taskId } = await ask(tenant, 'submitTask', { body: { ...named, input: {} } })
        expect((await stores.ports.tasks.findTask(taskId))?.stateMachineArn).toBe(machines[at])
        const told = stores.recorded.events.filter(({ subject }) => subject === taskId)
        expect(told.map(({ type, data }) => [type, data.tenant])).toEqual([['task.submitted', tenant]])
      }
    }
    await putWorkflow('acme', 2)
    expect(await ask('acme', 'getWorkflow', { path: { name: 'report' } })).toMatchObject({ version: 2 })
    expect(await ask('rival', 'getWorkflow', { path: { name: 'report' } })).toMatchObject({ version: 1 })
    const other = { body: { workflow: 'report@2', input: {} } }
    await expect(ask('rival', 'submitTask', other)).rejects.toMatchObject({ name: 'NotFoundError' })
  })

  it('resolve as children in the tenant of their task, and stay what was planned', async () => {
    for (const tenant of TENANTS) await putWorkflow(tenant)
    const workflow = { name: 'parent', steps: { c: { workflow: 'report' } } }
    for (const tenant of TENANTS) {
      const { taskId } = await ask(tenant, 'submitTask', { body: { workflow, input: {} } })
      const { children } = await stores.ports.plans.getPlan(taskId)
      const name = tenant === 'default' ? 'report' : `${tenant}/report`
      expect(children).toEqual({ c: { name, version: 1 } })
    }
  })

  it('and agents are what a plan from a goal may use, by the names that the tenant has given', async () => {
    for (const tenant of TENANTS) await putWorkflow(tenant)
    for (const tenant of TENANTS) {
      const { agents, workflows } = await catalogueFor(withinTenant(stores.ports, tenant), tenant)
      expect(agents.map(({ id, capabilities }) => [id, capabilities[0]?.description])).toEqual([
        ['translator', tenant],
      ])
      expect(workflows.map(({ name, description }) => [name, description])).toEqual([
        ['report', `of ${tenant}`],
      ])
    }
  })

  it('of the stage are common, and no tenant can take their name (publish/V5)', async () => {
    await putWorkflow('default')
    const mine = await stores.ports.workflows.findWorkflow('report')
    if (!mine) throw new Error('it is not there')
    await stores.ports.workflows.putWorkflow({ ...mine, origin: 'deployment' })
    for (const tenant of ['acme', 'rival'])
      await expect(putWorkflow(tenant, 2)).rejects.toMatchObject({ name: 'ConflictError', status: 409 })
    expect(await ask('rival', 'getWorkflow', { path: { name: 'report' } })).toMatchObject({ version: 1 })
  })

  it('that a tenant had first stay its own when a deployment brings the name (within/W2, publish/V6)', async () => {
    await putWorkflow('acme')
    await putWorkflow('default')
    const mine = await stores.ports.workflows.findWorkflow('report')
    if (!mine) throw new Error('it is not there')
    await stores.ports.workflows.putWorkflow({ ...mine, origin: 'deployment' })
    expect(await putWorkflow('acme', 2)).toMatchObject({ version: 2, description: 'of acme' })
    // Its own comes first also for a type that a deployment claims by another name.
    const typed = { ...mine.workflow, name: 'other', taskTypes: ['report', 'reporting'] }
    await stores.ports.workflows.putWorkflow({ ...mine, workflow: typed, origin: 'deployment' })
    for (const type of ['report', 'reporting'])
      expect(await ask('acme', 'makePlan', { body: { type } })).toMatchObject({
        workflow: { name: 'report', version: 2 },
      })
    expect(await ask('rival', 'makePlan', { body: { type: 'report' } })).toMatchObject({
      workflow: { name: 'other' },
    })
    expect(await ask('acme', 'getWorkflow', { path: { name: 'report' } })).toMatchObject({ version: 2 })
    expect(await ask('rival', 'getWorkflow', { path: { name: 'report' } })).toMatchObject({ version: 1 })
  })

  it('are all retired with the stacks, and their machines with them', async () => {
    for (const tenant of TENANTS) {
      await putWorkflow(tenant)
      await ask(tenant, 'submitTask', {
        body: { workflow: { name: 'inline', steps: { t: { capability: 'text.translate' } } }, input: {} },
      })
    }
    // One of each tenant that it has published, and one of each that its inline workflow runs on.
    expect(stores.recorded.machines.size).toBe(6)
    const swept = await collectMachines(stores.ports)({ unusedDays: 0 })
    expect(swept.removed).toHaveLength(3)
    const left = [...stores.recorded.machines.keys()].map((name) => stores.ports.machines.arnOf(name))
    const removed = new Set<string>()
    const machines = { ...stores.ports.machines, remove: async (arn: string) => !!removed.add(arn) }
    await removeDeployment({ ...stores.ports, machines })()
    expect(left.filter((arn) => !removed.has(arn))).toEqual([])
    for (const tenant of TENANTS) expect((await ask(tenant, 'listWorkflows')).workflows).toEqual([])
  })
})

it('a view of a view is that of its tenant, and knows the whole registry', () => {
  const { ports } = stores
  const twice = withinTenant(withinTenant(ports, 'acme'), 'acme')
  expect(wholeOf(twice.agents)).toBe(ports.agents)
  expect(wholeOf(twice.workflows)).toBe(ports.workflows)
})

describe('the statistics of an agent of the stage', () => {
  const counted = { agentId: 'common', version: '1.0.0', capability: 'work.do' }
  const callsSeenBy = async (tenant: string) => {
    const { agents } = await ask(tenant, 'listAgents')
    const found = agents.find(({ id }: { id: string }) => id === 'common')
    return found.health['work.do']?.calls ?? 0
  }
  const count = (tenant: string) => {
    const outcome = { quality: 1, residual: 0, failed: false, latencySeconds: 1, costUsd: 0 }
    const additions = additionsOf(outcome, stores.ports.clock.now().getTime() / 1_000)
    return withinTenant(stores.ports, tenant).statistics.add(counted, additions)
  }
  const own = () => {
    stores.ports.statistics = { ...stores.ports.statistics, ofTenants: true }
  }
  beforeEach(async () => {
    await stores.ports.agents.putAgent(makeAgent({ id: 'common', tenants: ['default', 'acme', 'rival'] }))
  })

  it('are shared by all tenants where the stage says nothing else', async () => {
    for (const tenant of TENANTS) await count(tenant)
    expect(await Promise.all(TENANTS.map(callsSeenBy))).toEqual([3, 3, 3])
  })

  it('are its own for each tenant, with their breakers, where the stage says so (within/W3)', async () => {
    own()
    await count('acme')
    await count('acme')
    await count('rival')
    expect(await Promise.all(TENANTS.map(callsSeenBy))).toEqual([0, 2, 1])
    const [acme, rival] = ['acme', 'rival'].map((tenant) => withinTenant(stores.ports, tenant).breakers)
    const open = { ...CLOSED, state: 'open' as const, openUntil: 9e9 }
    expect(await acme?.replace('common', 0, open)).toBe(true)
    expect((await acme?.find(['common']))?.get('common')?.breaker.state).toBe('open')
    expect((await rival?.find(['common']))?.get('common')?.breaker).toEqual(CLOSED)
    expect((await stores.ports.breakers.find(['common'])).get('common')?.breaker).toEqual(CLOSED)
    expect(await ask('acme', 'resetAgent', { path: { id: 'common' } })).toMatchObject({ id: 'common' })
    expect(await Promise.all(TENANTS.map(callsSeenBy))).toEqual([0, 0, 1])
  })

  it('come without the names of the other tenants that the agent works for', async () => {
    const tenantsSeenBy = async (tenant: string) =>
      (await ask(tenant, 'getAgent', { path: { id: 'common' } })).tenants
    expect(await Promise.all(TENANTS.map(tenantsSeenBy))).toEqual([
      ['default', 'acme', 'rival'],
      ['acme'],
      ['rival'],
    ])
  })
})

describe('agents of the stage that a tenant may not use', () => {
  it('are listed, work for nobody in its view, and are in no plan; its own are (within/W4)', async () => {
    const { agents, workflows } = stores.ports
    await agents.putAgent(makeAgent({ id: 'allowed', capability: 'text.allowed' }))
    await agents.putAgent(makeAgent({ id: 'refused', capability: 'text.refused' }))
    await registerAgent('acme', 'own')
    const limited = {
      workflows,
      agents: {
        ...agents,
        mayUse: (of: string, { id }: { id: string }) => of !== 'acme' || id === 'allowed',
      },
    }
    const seen = async (tenant: string) => {
      const found = await withinTenant(limited, tenant).agents.listAgents({ fresh: true })
      return Object.fromEntries(found.map(({ id, tenants }) => [id, tenants]))
    }
    expect(await seen('acme')).toEqual({ 'acme/own': undefined, allowed: undefined, refused: [] })
    expect(await seen('rival')).toEqual({ allowed: undefined, refused: undefined })
    expect((await withinTenant(limited, 'acme').agents.findAgent('refused'))?.tenants).toEqual([])
    const planned = async (tenant: string) => {
      const { capabilities } = await catalogueFor(withinTenant(limited, tenant), tenant)
      return capabilities.map(({ name }) => name).sort()
    }
    expect(await planned('acme')).toEqual(['text.allowed', 'text.translate'])
    expect(await planned('rival')).toEqual(['text.allowed', 'text.refused'])
  })
})
