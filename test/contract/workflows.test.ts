import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dynamodbWorkflows } from '../../functions/adapters/dynamodb/registry/workflows.ts'
import { registerDeployment } from '../../shared/app/catalogue/register-deployment.ts'
import { registerWorkflow } from '../../shared/app/catalogue/register-workflow.ts'
import { removeDeployment } from '../../shared/app/catalogue/remove-deployment.ts'
import { versionsOfChildren } from '../../shared/app/choice/versions-of-children.ts'
import { REGISTRY_INDEXES } from '../../shared/contracts/table-layout.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import type { Ports, RegisteredWorkflow } from '../../shared/ports/index.ts'
import { WorkflowSchema } from '../../shared/workflow/schema.ts'
import { makeAgent } from '../support/agents/make-agent.ts'
import { CALLER } from '../support/stores/callers.ts'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'
import { startStores } from '../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
  await stores.ports.agents.putAgent(makeAgent())
})
afterAll(() => stores.stop())

/** A workflow with JSON of about `bytes` bytes. */
const workflow = (name: string, bytes = 0, version = 1) => ({
  name,
  version,
  description: '',
  taskTypes: [],
  steps: { a: { capability: 'work.do', input: { text: '🦜ก'.repeat(Math.ceil(bytes / 7)) } } },
})

const record = (name: string, input: object): RegisteredWorkflow => ({
  workflow: { ...workflow(name), steps: { a: { capability: 'work.do', input } } } as never,
  stateMachineArn: `arn:${name}`,
  gates: [],
  registeredAt: '2026-01-01T00:00:00.000Z',
  active: true,
  origin: 'api',
})

describe('a workflow in the registry', () => {
  it.each([
    [
      'keys that name what every object has',
      JSON.parse('{"constructor":1,"__proto__":{"a":2},"toString":null}'),
    ],
    ['numbers that DynamoDB does not keep', { a: 9007199254740991, b: 1e300, c: 5e-324, d: -0.1 }],
    ['nothing', { a: null, b: '', c: [], d: {} }],
    ['more than an item takes', { text: '🦜ก"\\'.repeat(150_000) }],
  ])('comes back as it was: %s (workflows/W1, workflows/W2)', async (name, input) => {
    const { workflows } = stores.ports
    const registered = record(`w${name.length}`, input as object)
    await workflows.putWorkflow(registered)
    const { name: stored } = registered.workflow
    const text = JSON.stringify(registered)
    expect(JSON.stringify(await workflows.findWorkflow(stored))).toBe(text)
    expect(JSON.stringify(await workflows.findWorkflow(stored, 1))).toBe(text)
    expect((await workflows.listWorkflows()).map((one) => JSON.stringify(one))).toContain(text)
    expect((await workflows.listVersions(stored)).map((one) => JSON.stringify(one))).toEqual([text])
  })

  it('is another for each tenant that has given the name, with versions and a list of its own', async () => {
    const { workflows } = stores.ports
    const of = (tenant: string, version: number, input: object): RegisteredWorkflow => {
      const { workflow: one, ...rest } = record('same', input)
      return { ...rest, ...(tenant === 'default' ? {} : { tenant }), workflow: { ...one, version } }
    }
    // Larger than an item, so that its text is spread over items that must not meet.
    const large = { text: '🦜'.repeat(100_000) }
    const all = [of('default', 1, {}), of('acme', 1, { a: 1 }), of('acme', 2, large), of('rival', 1, large)]
    for (const one of all) expect(await workflows.publishWorkflow(one)).toBe(true)
    for (const [name, newest, versions] of [
      ['same', all[0], [all[0]]],
      ['acme/same', all[2], [all[1], all[2]]],
      ['rival/same', all[3], [all[3]]],
    ] as const) {
      expect(await workflows.findWorkflow(name)).toEqual(newest)
      expect(await workflows.listVersions(name)).toEqual(versions)
    }
    const listed = async (tenant: string) =>
      (await workflows.listWorkflows({ of: tenant })).filter((one) => one.workflow.name === 'same')
    expect(await listed('default')).toEqual([all[0]])
    expect(await listed('acme')).toEqual([all[2]])
    expect(await listed('rival')).toEqual([all[3]])
  })

  it('has versions, the oldest first, for all numbers', async () => {
    const { workflows } = stores.ports
    for (const version of [20_261_128, 3, 1]) {
      const { workflow: one, ...rest } = record('versions', {})
      await workflows.publishWorkflow({ ...rest, workflow: { ...one, version }, active: false })
    }
    const versions = await workflows.listVersions('versions')
    expect(versions.map((one) => one.workflow.version)).toEqual([1, 3, 20_261_128])
    expect(await workflows.findWorkflow('versions')).toBeUndefined()
  })

  it.each([
    ['published at once, the newest', 'api', [1, 3, 2], 3],
    ['deployed, the last: that of a rollback is older', 'deployment', [1, 3, 2], 2],
  ] as const)(
    'has a name that stands for one of those %s (workflows/W4)',
    async (_what, origin, order, expected) => {
      const { workflows } = stores.ports
      const name = `raced-${origin}`
      const versionOf = (version: number, active = true): RegisteredWorkflow => {
        const { workflow: one, ...rest } = record(name, {})
        return { ...rest, origin, active, workflow: { ...one, version } }
      }
      for (const version of order) await workflows.putWorkflow(versionOf(version))
      const latest = async () => (await workflows.findWorkflow(name))?.workflow.version
      expect(await latest()).toBe(expected)
      expect(await workflows.listVersions(name)).toHaveLength(3)
      // An inactive record is replaced by any active version, also by an earlier one.
      await workflows.putWorkflow(versionOf(expected, false))
      await workflows.putWorkflow(versionOf(1))
      expect(await latest()).toBe(1)
    },
  )

  it('is listed while it is active; its versions stay (workflows/W3)', async () => {
    const { workflows } = stores.ports
    const listed = async () =>
      (await workflows.listWorkflows()).filter((one) => one.workflow.name === 'retired').length
    await workflows.putWorkflow({ ...record('retired', {}), active: true })
    expect(await listed()).toBe(1)
    await workflows.putWorkflow({ ...record('retired', {}), active: false })
    expect(await listed()).toBe(0)
    expect(await workflows.listVersions('retired')).toHaveLength(1)
  })

  it('has a name that points to the newest version, also with items of earlier releases without a version (workflows/W4)', async () => {
    const { client, stop } = await startDynamoDB()
    await createTable(client, 'registry', REGISTRY_INDEXES)
    const workflows = dynamodbWorkflows({ client, table: 'registry' })
    await workflows.putWorkflow(record('unsaid', {}))
    const Key = { pk: 'WORKFLOW#unsaid', sk: 'LATEST' }
    await client.send(
      new UpdateCommand({
        TableName: 'registry',
        Key,
        UpdateExpression: 'REMOVE #version',
        ExpressionAttributeNames: { '#version': 'version' },
      }),
    )
    const { workflow: one, ...rest } = record('unsaid', {})
    await workflows.putWorkflow({ ...rest, workflow: { ...one, version: 2 } })
    expect(await workflows.findWorkflow('unsaid')).toMatchObject({ workflow: { version: 2 } })
    stop()
  })
})

describe('publishing a workflow', () => {
  it('accepts a workflow of 900 KB, larger than an item', async () => {
    await registerWorkflow(stores.ports)({ name: 'large', workflow: workflow('large', 900_000) }, CALLER)
    const found = await stores.ports.workflows.findWorkflow('large')
    expect(found).toMatchObject({ active: true, workflow: workflow('large', 900_000) })
  })

  it('creates no machine when its record cannot be stored (publish/V3)', async () => {
    const { workflows } = stores.ports
    const refused = new OrchestratorError('UnavailableError', 'not now')
    const ports = {
      ...stores.ports,
      workflows: { ...workflows, publishWorkflow: () => Promise.reject(refused) },
    }
    const before = [...stores.recorded.machines.keys()]
    await expect(
      registerWorkflow(ports)({ name: 'unstored', workflow: workflow('unstored') }, CALLER),
    ).rejects.toBe(refused)
    expect([...stores.recorded.machines.keys()]).toEqual(before)
  })

  it('keeps an inactive record if its machine could not be created, and continues on the next attempt (publish/V2, publish/V3)', async () => {
    const { machines, workflows } = stores.ports
    const refused = new OrchestratorError('UnavailableError', 'not now')
    const ports = { ...stores.ports, machines: { ...machines, ensure: () => Promise.reject(refused) } }
    const put = (using: Ports, version = 1, bytes = 0) =>
      registerWorkflow(using)({ name: 'tried', workflow: workflow('tried', bytes, version) }, CALLER)
    await expect(put(ports)).rejects.toBe(refused)
    expect(await workflows.listVersions('tried')).toMatchObject([{ active: false, pending: true }])
    expect(await workflows.findWorkflow('tried')).toBeUndefined()
    const calling = { name: 'calling', steps: { a: { workflow: 'tried@1' } } }
    const register = () => registerWorkflow(stores.ports)({ name: 'calling', workflow: calling }, CALLER)
    await expect(register()).rejects.toThrow('the machine of workflow "tried@1" is not there')
    // Different content must have a different version (publish/V1).
    await expect(put(stores.ports, 1, 100)).rejects.toMatchObject({ name: 'ConflictError' })

    await put(stores.ports)
    expect(await workflows.findWorkflow('tried')).toMatchObject({ active: true })
    expect(await workflows.listVersions('tried')).not.toMatchObject([{ pending: true }])
    await register()
  })

  it('keeps the active version while the next one is being published', async () => {
    const { machines, workflows } = stores.ports
    const put = (version: number, using = stores.ports) =>
      registerWorkflow(using)({ name: 'serving', workflow: workflow('serving', version, version) }, CALLER)
    await put(1)
    const refused = new OrchestratorError('UnavailableError', 'not now')
    const ports = { ...stores.ports, machines: { ...machines, ensure: () => Promise.reject(refused) } }
    await expect(put(2, ports)).rejects.toBe(refused)
    expect(await workflows.findWorkflow('serving')).toMatchObject({ active: true, workflow: { version: 1 } })
    await put(2)
    expect(await workflows.findWorkflow('serving')).toMatchObject({ active: true, workflow: { version: 2 } })
  })

  it('does not complete the publication of a version after a later one', async () => {
    const { machines, workflows } = stores.ports
    const put = (version: number, using = stores.ports) =>
      registerWorkflow(using)(
        { name: 'overtaken', workflow: workflow('overtaken', version, version) },
        CALLER,
      )
    const refused = new OrchestratorError('UnavailableError', 'not now')
    const ports = { ...stores.ports, machines: { ...machines, ensure: () => Promise.reject(refused) } }
    await expect(put(1, ports)).rejects.toBe(refused)
    await put(2)
    await expect(put(1)).rejects.toMatchObject({ name: 'ConflictError' })
    expect(await workflows.findWorkflow('overtaken')).toMatchObject({
      active: true,
      workflow: { version: 2 },
    })
  })

  it('completes a publication that was interrupted before the name pointed to it (publish/V3)', async () => {
    const { workflows } = stores.ports
    const put = (version: number, using = stores.ports) =>
      registerWorkflow(using)({ name: 'half', workflow: workflow('half', version, version) }, CALLER)
    await put(1)
    const refused = new OrchestratorError('UnavailableError', 'not now')
    const putWorkflow: typeof workflows.putWorkflow = async (registered) => {
      await workflows.putWorkflow(registered, { latest: false })
      throw refused
    }
    await expect(put(2, { ...stores.ports, workflows: { ...workflows, putWorkflow } })).rejects.toBe(refused)
    await put(2)
    expect(await workflows.findWorkflow('half')).toMatchObject({ active: true, workflow: { version: 2 } })
  })

  it('restores a workflow whose machine was deleted with the stacks (removal/R1)', async () => {
    const put = () => registerWorkflow(stores.ports)({ name: 'back', workflow: workflow('back') }, CALLER)
    const { stateMachineArn } = await put()
    await removeDeployment(stores.ports)()
    expect(await stores.ports.workflows.findWorkflow('back')).toMatchObject({ active: false })
    stores.recorded.machines.clear()
    expect(await put()).toMatchObject({ stateMachineArn })
    expect([...stores.recorded.machines.keys()]).toEqual([expect.stringMatching(/^back-v1-/)])
    expect(await stores.ports.workflows.findWorkflow('back')).toMatchObject({ active: true })
  })

  it('restores each version separately: tasks are not planned on versions without a machine (removal/R2, publish/V4)', async () => {
    const { workflows } = stores.ports
    const put = (version: number) =>
      registerWorkflow(stores.ports)({ name: 'each', workflow: workflow('each', version, version) }, CALLER)
    const caller = { name: 'callseach', version: 1, steps: { a: { workflow: 'each@1' } } }
    const call = () => registerWorkflow(stores.ports)({ name: 'callseach', workflow: caller }, CALLER)
    for (const version of [1, 2, 3]) await put(version)
    await removeDeployment(stores.ports)()
    stores.recorded.machines.clear()
    await put(2)
    expect(await workflows.findWorkflow('each', 1)).toMatchObject({ active: false })
    await expect(call()).rejects.toThrow(
      'the machine of workflow "each@1" is not there (any more): register that version again',
    )

    const { stateMachineArn } = await put(1)
    expect([...stores.recorded.machines.keys()]).toEqual([
      expect.stringMatching(/^each-v2-/),
      expect.stringMatching(/^each-v1-/),
    ])
    expect(await workflows.findWorkflow('each', 1)).toMatchObject({ active: true, stateMachineArn })
    // The newest active version stays the newest.
    expect(await workflows.findWorkflow('each')).toMatchObject({ active: true, workflow: { version: 2 } })
    await call()
    await put(3)
    expect(await workflows.findWorkflow('each')).toMatchObject({ active: true, workflow: { version: 3 } })
    await expect(
      registerWorkflow(stores.ports)({ name: 'each', workflow: workflow('each', 9, 1) }, CALLER),
    ).rejects.toThrow('publish this as version 4')
  })

  it('takes no version of a workflow that a deployment serves, until the deployment leaves it out (publish/V5)', async () => {
    const { workflows } = stores.ports
    const deployed = WorkflowSchema.parse(workflow('owned'))
    const deploy = (...brought: (typeof deployed)[]) =>
      registerDeployment(stores.ports)({
        agents: [],
        workflows: brought.map((one) => ({ workflow: one, stateMachineArn: 'arn:owned', gates: [] })),
      })
    const put = (version: number) =>
      registerWorkflow(stores.ports)({ name: 'owned', workflow: workflow('owned', 0, version) }, CALLER)
    await deploy(deployed)
    // The same content under the same version changes nothing.
    expect(await put(1)).toMatchObject({ version: 1, origin: 'deployment' })
    await expect(put(2)).rejects.toThrow(
      '"owned" is a deployed workflow, which the next deployment would put back: change it in workflows/ and deploy, or publish this under another name',
    )
    // Other content under a version that exists is refused for the same reason, not sent to the next version.
    const changed = { ...workflow('owned', 10, 1) }
    await expect(
      registerWorkflow(stores.ports)({ name: 'owned', workflow: changed }, CALLER),
    ).rejects.toThrow('"owned" is a deployed workflow')
    expect(await workflows.listVersions('owned')).toHaveLength(1)
    expect(await workflows.putWorkflow({ ...record('owned', {}), stateMachineArn: 'arn:other' })).toBe(false)
    expect(await workflows.findWorkflow('owned')).toMatchObject({ origin: 'deployment' })
    await deploy()
    expect(await put(2)).toMatchObject({ version: 2, origin: 'api' })
    // A deployment may bring a name that callers have published.
    await deploy(deployed)
    expect(await workflows.findWorkflow('owned')).toMatchObject({
      origin: 'deployment',
      workflow: { version: 1 },
    })
    await deploy()
  })

  it('takes back a version that it was publishing when a deployment brought the name (publish/V5)', async () => {
    const { ports } = stores
    const deploy = (brought: object) =>
      registerDeployment(ports)({
        agents: [],
        workflows: [
          {
            workflow: WorkflowSchema.parse(brought),
            stateMachineArn: 'arn:aws:states:us-east-1:1:stateMachine:m',
            gates: [],
          },
        ],
      })
    const deployed = { ...workflow('meanwhile'), description: 'deployed' }
    const ensure: typeof ports.machines.ensure = async (machine) => {
      await deploy(deployed)
      return ports.machines.ensure(machine)
    }
    const publishing = registerWorkflow({ ...ports, machines: { ...ports.machines, ensure } })
    const published = publishing({ name: 'meanwhile', workflow: workflow('meanwhile') }, CALLER)
    await expect(published).rejects.toThrow('"meanwhile" is a deployed workflow')
    const versions = await ports.workflows.listVersions('meanwhile')
    expect(versions.map(({ active, origin, workflow: one }) => [one.version, active, origin])).toEqual([
      [1, false, 'api'],
      [2, true, 'deployment'],
    ])
    expect(await ports.workflows.findWorkflow('meanwhile')).toMatchObject({
      workflow: { version: 2, description: 'deployed' },
    })
    // The next deployment is not confused by it.
    await deploy(deployed)
    expect(await ports.workflows.listVersions('meanwhile')).toHaveLength(2)
    await registerDeployment(ports)({ agents: [], workflows: [] })
  })

  it('plans on what a deployment leaves out while its machine is kept, and not when that has gone with the stacks (removal/R2)', async () => {
    const { workflows } = stores.ports
    const deploy = (...versions: number[]) =>
      registerDeployment(stores.ports)({
        agents: [],
        workflows: versions.map((version) => {
          const stateMachineArn = 'arn:aws:states:us-east-1:111111111111:stateMachine:left'
          return { workflow: WorkflowSchema.parse(workflow('left', 0, version)), stateMachineArn, gates: [] }
        }),
      })
    const plans = (called: string) =>
      versionsOfChildren(workflows, {
        name: 'x',
        version: 1,
        taskTypes: [],
        steps: { a: { workflow: called } },
      } as never)
    await deploy(1)
    await deploy(2)
    await deploy()
    for (const version of [1, 2])
      expect(await plans(`left@${version}`)).toEqual({ a: { name: 'left', version } })
    await expect(plans('left')).rejects.toThrow('there is no workflow "left"')

    await removeDeployment(stores.ports)()
    for (const version of [1, 2])
      await expect(plans(`left@${version}`)).rejects.toThrow(
        `the machine of workflow "left@${version}" is not there`,
      )
    // Deployed again, as in a rollback.
    await deploy(1)
    expect(await plans('left@1')).toEqual({ a: { name: 'left', version: 1 } })
    expect(await plans('left')).toEqual({ a: { name: 'left', version: 1 } })
    await expect(plans('left@2')).rejects.toThrow('register that version again')
    await deploy()
  })
})
