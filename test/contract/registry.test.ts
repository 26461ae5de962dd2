import { afterAll, beforeAll, expect, it } from 'vitest'
import { getAgent, listAgents, registerAgent, retireAgent } from '../../shared/app/manage-agents.ts'
import { registerDeployment } from '../../shared/app/register-deployment.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { makeAgent } from '../support/make-agent.ts'
import { startStores } from '../support/start-stores.ts'

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

it('registers what a deployment brings, and retires what it no longer has', async () => {
  const deploy = registerDeployment(ports)
  const machine = (name: string) => ({ workflow: workflow(name), stateMachineArn: `arn:${name}`, gates: [] })
  await deploy({ agents: [{ manifest, functionArn }], workflows: [machine('one'), machine('two')] })
  expect((await ports.registry.listWorkflows()).map((one) => one.workflow.name).sort()).toEqual([
    'one',
    'two',
  ])

  const second = await deploy({ agents: [], workflows: [machine('two')] })
  expect(second.retired.sort()).toEqual(['one', 'ours'])
  expect(await ports.registry.findAgent('ours')).toMatchObject({ status: 'inactive' })
  expect((await ports.registry.listWorkflows()).map((one) => one.workflow.name)).toEqual(['two'])
  // Tasks that it started can still be read.
  expect(await ports.registry.findWorkflow('one', 1)).toMatchObject({ stateMachineArn: 'arn:one' })
})

it('leaves what was published at run time to those who published it', async () => {
  const published = {
    workflow: workflow('published'),
    stateMachineArn: 'arn:published',
    gates: [],
    registeredAt: '',
    active: true,
    origin: 'api' as const,
  }
  expect(await ports.registry.publishWorkflow(published)).toBe(true)
  expect(await ports.registry.publishWorkflow(published)).toBe(false)
  const { retired } = await registerDeployment(ports)({ agents: [], workflows: [] })
  expect(retired).not.toContain('published')
  expect((await ports.registry.listWorkflows()).map((one) => one.workflow.name)).toContain('published')
})

it("keeps callers' agents apart from the deployment's", async () => {
  await registerDeployment(ports)({ agents: [{ manifest, functionArn }], workflows: [] })
  await expect(registerAgent(ports)({ ...manifest, functionArn })).rejects.toMatchObject({
    name: 'ConflictError',
  })
  await expect(retireAgent(ports)({ id: 'ours' })).rejects.toMatchObject({ name: 'ConflictError' })

  await registerAgent(ports)({ ...manifest, id: 'theirs', functionArn })
  expect(await getAgent(ports)({ id: 'theirs' })).toMatchObject({ origin: 'api', status: 'active' })
  expect((await listAgents(ports)({ capability: 'work.do' })).agents.map(({ id }) => id).sort()).toEqual([
    'ours',
    'theirs',
  ])
  expect(await retireAgent(ports)({ id: 'theirs' })).toMatchObject({ status: 'inactive' })
  await expect(getAgent(ports)({ id: 'their' })).rejects.toThrow(/did you mean "theirs"/)
})

it('sums the load of the last minutes', async () => {
  await ports.registry.addLoad(new Map([['ours', 2]]))
  await ports.registry.addLoad(new Map([['ours', 3]]))
  expect(await ports.registry.loadsOf(['ours', 'theirs'])).toEqual(
    new Map([
      ['ours', 5],
      ['theirs', 0],
    ]),
  )
})
