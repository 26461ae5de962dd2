import { afterAll, beforeAll, expect, it } from 'vitest'
import { getAgent, listAgents, registerAgent, retireAgent } from '../../shared/app/agents/manage-agents.ts'
import { registerDeployment } from '../../shared/app/catalogue/register-deployment.ts'
import { removeDeployment } from '../../shared/app/catalogue/remove-deployment.ts'
import { cancelTask } from '../../shared/app/tasks/cancel-task.ts'
import { submitTask } from '../../shared/app/tasks/submit-task.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { makeAgent } from '../support/agents/make-agent.ts'
import { CALLER } from '../support/stores/callers.ts'
import { startStores } from '../support/stores/start-stores.ts'

let ports: Ports
let stop: () => Promise<void>
beforeAll(async () => ({ ports, stop } = await startStores()))
afterAll(() => stop())

const workflow = (name: string, version = 1) => {
  const parsed = validateWorkflow({ name, version, steps: { a: { capability: 'work.do' } } })
  if (!parsed.workflow) throw new Error('invalid')
  return parsed.workflow
}
const { status: _s, functionArn, origin: _o, registeredAt: _r, ...manifest } = makeAgent({ id: 'ours' })

const arnOf = (id: string) => `arn:aws:lambda:us-east-1:123456789012:function:agent-${id}`

const machine = (name: string) => ({ workflow: workflow(name), stateMachineArn: `arn:${name}`, gates: [] })

it('registers a deployment’s agents and workflows, and retires those that it no longer has (deployment/D1, deployment/D3)', async () => {
  const deploy = registerDeployment(ports)
  await deploy({ agents: [{ manifest, functionArn }], workflows: [machine('one'), machine('two')] })
  expect((await ports.workflows.listWorkflows()).map((one) => one.workflow.name).sort()).toEqual([
    'one',
    'two',
  ])

  const second = await deploy({ agents: [], workflows: [machine('two')] })
  expect(second.retired.sort()).toEqual(['one', 'ours'])
  expect(await ports.agents.findAgent('ours')).toMatchObject({ status: 'inactive' })
  expect((await ports.workflows.listWorkflows()).map((one) => one.workflow.name)).toEqual(['two'])
  // Tasks started by the removed workflow can still be read, and run on the published version.
  expect(await ports.workflows.findWorkflow('one', 1)).toMatchObject({ stateMachineArn: 'arn:one:1' })
  // Its machine is collected once it is unused; unless the workflow is deployed again.
  expect((await ports.collectables.listMachines()).map(({ name }) => name)).toEqual(['one'])
  await deploy({ agents: [], workflows: [machine('one'), machine('two')] })
  expect(await ports.collectables.listMachines()).toEqual([])
})

it('tells the versions that are new, and those before them', async () => {
  const deploy = registerDeployment(ports)
  const told = async (version: string, description: string) => {
    const workflows = [{ ...machine('tells'), workflow: { ...workflow('tells'), description } }]
    const agents = [{ manifest: { ...manifest, id: 'teller', version }, functionArn }]
    return (await deploy({ agents, workflows })).versions
  }
  expect(await told('1.0.0', 'a')).toEqual([
    'agent teller: version 1.0.0 (new)',
    'workflow tells: version 1 (new)',
  ])
  expect(await told('1.0.0', 'a')).toEqual([])
  expect(await told('1.1.0', 'b')).toEqual([
    'agent teller: version 1.1.0 (was 1.0.0)',
    'workflow tells: version 2 (was 1)',
  ])
  expect(await told('1.1.0', 'a')).toEqual(['workflow tells: version 1 (was 2)'])
  await deploy({ agents: [], workflows: [] })
})

it('gives a workflow that changed without a new version the next one, and its former one after a rollback (deployment/D5)', async () => {
  const deploy = registerDeployment(ports)
  const versioned = async (description: string, version = 1) => {
    const changed = { ...workflow('grows', version), description }
    await deploy({ agents: [], workflows: [{ ...machine('grows'), workflow: changed }] })
    return (await ports.workflows.findWorkflow('grows'))?.workflow.version
  }
  expect(await versioned('a')).toBe(1)
  expect(await versioned('a')).toBe(1)
  expect(await versioned('b')).toBe(2)
  expect(await versioned('b')).toBe(2)
  expect(await versioned('c')).toBe(3)
  expect(await versioned('a')).toBe(1)
  expect(await versioned('c')).toBe(3)
  expect(await versioned('d', 2)).toBe(4)
  expect(await versioned('d', 7)).toBe(7)
  await deploy({ agents: [], workflows: [] })
  expect(await versioned('e', 7)).toBe(8)
  const stored = await ports.workflows.listVersions('grows')
  expect(stored.map((one) => [one.workflow.version, one.workflow.description])).toEqual([
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
    [4, 'd'],
    [7, 'd'],
    [8, 'e'],
  ])
})

it('refuses to remove an agent that open tasks are bound to, until it is deprecated and they have ended (deployment/D2)', async () => {
  const deploy = registerDeployment(ports)
  const deploying = { manifest: { ...manifest, id: 'leaving' }, functionArn }
  await deploy({ agents: [deploying], workflows: [] })
  const task = await submitTask(ports)(
    {
      workflow: { name: 'w', steps: { a: { agent: 'leaving' } } },
      metadata: {},
    },
    CALLER,
  )
  await expect(deploy({ agents: [], workflows: [] })).rejects.toThrow(
    `leaving: removed, and still bound to ${task.taskId}. Deploy with "deprecated: true"`,
  )
  expect(await ports.agents.findAgent('leaving')).toMatchObject({ status: 'active' })

  const deprecated = { ...deploying, manifest: { ...deploying.manifest, deprecated: true } }
  await deploy({ agents: [deprecated], workflows: [] })
  await expect(
    submitTask(ports)(
      {
        workflow: { name: 'w', steps: { a: { agent: 'leaving' } } },
        metadata: {},
      },
      CALLER,
    ),
  ).rejects.toThrow('leaving: is deprecated')
  await expect(deploy({ agents: [], workflows: [] })).rejects.toMatchObject({ name: 'ConflictError' })
  await cancelTask(ports)({ id: task.taskId, reason: 'for the test' }, CALLER)
  expect((await deploy({ agents: [], workflows: [] })).retired).toContain('leaving')
})

it('removes a whole deployment with every machine, even with running executions', async () => {
  const all = await startStores()
  const removed: string[] = []
  const { machines } = all.ports
  const own = {
    ...all.ports,
    machines: {
      ...machines,
      remove: async (name: string, options?: { evenBusy?: boolean }) => {
        removed.push(`${name}${options?.evenBusy ? ' even when busy' : ''}`)
        return true
      },
    },
  }
  await registerDeployment(own)({
    agents: [{ manifest, functionArn }],
    workflows: [{ ...machine('large'), parts: 1 }],
  })
  await own.collectables.useMachine({ name: 'shared-1', parts: 0, usedOn: '2026-01-01' })
  await own.workflows.publishWorkflow({
    ...machine('published'),
    stateMachineArn: 'arn:aws:states:r:1:stateMachine:o-published-v1',
    registeredAt: '',
    active: true,
    origin: 'api',
  })
  expect(await removeDeployment(own)()).toEqual({ machines: 3 })
  expect(removed.sort()).toEqual(
    ['arn:aws:states:r:1:stateMachine:o-published-v1', 'large', 'large-part1', 'shared-1'].map(
      (name) => `${name} even when busy`,
    ),
  )
  expect(await own.agents.findAgent('ours')).toMatchObject({ status: 'inactive' })
  await all.stop()
})

it('leaves workflows that were published at run time unchanged', async () => {
  const published = {
    workflow: workflow('published'),
    stateMachineArn: 'arn:published',
    gates: [],
    registeredAt: '',
    active: true,
    origin: 'api' as const,
  }
  expect(await ports.workflows.publishWorkflow(published)).toBe(true)
  expect(await ports.workflows.publishWorkflow(published)).toBe(false)
  const { retired } = await registerDeployment(ports)({ agents: [], workflows: [] })
  expect(retired).not.toContain('published')
  expect((await ports.workflows.listWorkflows()).map((one) => one.workflow.name)).toContain('published')
})

it("keeps callers' agents apart from the deployment's", async () => {
  await registerDeployment(ports)({ agents: [{ manifest, functionArn }], workflows: [] })
  await expect(registerAgent(ports)({ ...manifest, functionArn }, CALLER)).rejects.toMatchObject({
    name: 'ConflictError',
  })
  await expect(retireAgent(ports)({ id: 'ours' }, CALLER)).rejects.toMatchObject({ name: 'ConflictError' })

  await registerAgent(ports)({ ...manifest, id: 'theirs', functionArn: arnOf('theirs') }, CALLER)
  expect(await getAgent(ports)({ id: 'theirs' }, CALLER)).toMatchObject({ origin: 'api', status: 'active' })
  const { agents } = await listAgents(ports)({ capability: 'work.do' }, CALLER)
  expect(agents.flatMap(({ id, status }) => (status === 'active' ? [id] : [])).sort()).toEqual([
    'ours',
    'theirs',
  ])
  const deprecated = { ...manifest, id: 'theirs', functionArn: arnOf('theirs'), deprecated: true }
  await registerAgent(ports)(deprecated, CALLER)
  expect(await getAgent(ports)({ id: 'theirs' }, CALLER)).toMatchObject({ status: 'deprecated' })
  expect(await retireAgent(ports)({ id: 'theirs' }, CALLER)).toMatchObject({ status: 'inactive' })
  await expect(getAgent(ports)({ id: 'their' }, CALLER)).rejects.toThrow(/did you mean "theirs"/)
})

it('refuses an agent with two capabilities of one name, but reads a stored one', async () => {
  const { capabilities } = manifest
  const twins = { ...manifest, id: 'twins', functionArn, capabilities: [...capabilities, ...capabilities] }
  await expect(registerAgent(ports)(twins, CALLER)).rejects.toThrow(
    /capabilities\.1\.name: capability "work\.do" is there twice/,
  )
  const registered = { status: 'active', origin: 'api', registeredAt: '2026-11-28T12:00:00.000Z' } as const
  await ports.agents.putAgent({ ...twins, ...registered })
  const { agents } = await listAgents(ports)({}, CALLER)
  expect(agents.map(({ id }) => id)).toContain('twins')
  await retireAgent(ports)({ id: 'twins' }, CALLER)
})

it('sums the load of the last minutes', async () => {
  await ports.loads.addLoad(new Map([['ours', 2]]))
  await ports.loads.addLoad(new Map([['ours', 3]]))
  expect(await ports.loads.loadsOf(['ours', 'theirs'])).toEqual(
    new Map([
      ['ours', 5],
      ['theirs', 0],
    ]),
  )
})
