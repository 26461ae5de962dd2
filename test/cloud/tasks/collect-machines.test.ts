import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stepfunctionsMachines } from '../../../functions/adapters/stepfunctions/machines.ts'
import { collectMachines } from '../../../shared/app/machines/collect-machines.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { startStores } from '../../support/stores/start-stores.ts'

describe('collecting machines', () => {
  let stores: Awaited<ReturnType<typeof startStores>>
  beforeAll(async () => {
    stores = await startStores()
    await stores.ports.agents.putAgent(makeAgent())
  })
  afterAll(() => stores.stop())

  const today = () => new Date().toISOString().slice(0, 10)
  const names = async () => (await stores.ports.collectables.listMachines()).map(({ name }) => name)
  const leave = async (name: string, parts = 0) => {
    await stores.ports.collectables.useMachine({ name, parts, usedOn: '2026-01-01' })
    stores.recorded.machines.set(name, {})
    for (let part = 1; part <= parts; part++) stores.recorded.machines.set(`${name}-part${part}`, {})
  }

  it('removes those unused for long, with their parts, and forgets them', async () => {
    await leave('old', 2)
    await stores.ports.collectables.useMachine({ name: 'new', parts: 0, usedOn: today() })
    expect(await collectMachines(stores.ports)()).toEqual({ looked: 1, removed: ['old'], busy: [] })
    expect(await names()).toEqual(['new'])
    expect([...stores.recorded.machines.keys()].filter((name) => name.startsWith('old'))).toEqual([])
  })

  it('leaves a machine with running executions, and checks it again after the full period (machines/Q1)', async () => {
    await leave('busy')
    const { machines } = stores.ports
    const ports = { ...stores.ports, machines: { ...machines, remove: async () => false } }
    expect(await collectMachines(ports)()).toMatchObject({ removed: [], busy: ['busy'] })
    expect(await stores.ports.collectables.listMachines()).toContainEqual(
      expect.objectContaining({ name: 'busy', usedOn: today() }),
    )
    expect(await stores.ports.collectables.useMachine({ name: 'busy', parts: 0, usedOn: today() })).toBe(true)
  })

  it('finishes interrupted removals, and tells concurrent submissions to try again (machines/Q2, machines/Q3)', async () => {
    const workflow = { name: 'w', steps: { a: { capability: 'work.do' } } }
    const submit = () => submitTask(stores.ports)({ workflow, metadata: {} }, CALLER)
    await submit()
    const [shared] = (await names()).filter((name) => name.startsWith('shared-'))
    const machine = { name: String(shared), parts: 0, usedOn: today() }
    expect(await stores.ports.collectables.claimMachine({ ...machine, usedOn: '2026-01-01' })).toBe(false)
    expect(await stores.ports.collectables.claimMachine(machine)).toBe(true)
    // A worker that has not marked the machine today reads the mark.
    const { useMachine } = stores.ports.collectables
    expect(await useMachine({ ...machine, usedOn: 'another day' })).toBe(false)
    stores.ports.collectables.useMachine = (one) => useMachine({ ...one, usedOn: 'another day' })
    await expect(submit()).rejects.toMatchObject({ name: 'UnavailableError' })
    stores.ports.collectables.useMachine = useMachine
    expect(await collectMachines(stores.ports)({ unusedDays: 0 })).toMatchObject({
      removed: expect.arrayContaining([shared]),
    })
    await submit()
    expect(await names()).toContain(shared)
  })
})

describe('a machine on the local cloud', () => {
  let api: LocalApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.stop())

  it('is removed when nothing runs on it and nothing could be redriven (machines/Q1)', async () => {
    const credentials = { accessKeyId: 'person', secretAccessKey: 'person' }
    const client = new SFNClient({ endpoint: api.awsUrl, region: 'us-east-1', credentials })
    const arnPrefix = 'arn:aws:states:us-east-1:000000000000:stateMachine:orchestrator-'
    const roleArn = 'arn:aws:iam::000000000000:role/any'
    const machines = stepfunctionsMachines({ client, arnPrefix, roleArn, substitutions: {} })
    const definition = { QueryLanguage: 'JSONata', StartAt: 'a', States: { a: { Type: 'Succeed' } } }
    const stateMachineArn = await machines.ensure({ name: 'shared-unused', definition })
    await expect(machines.ensure({ name: 'x'.repeat(70), definition })).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('a name of 83 characters; Step Functions accepts 80'),
    })
    expect(await machines.remove('shared-unused')).toBe(true)
    expect(await machines.remove('shared-unused')).toBe(true)
    const describeIt = client.send(new DescribeStateMachineCommand({ stateMachineArn }))
    await expect(describeIt).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' })

    // The function's permissions suffice: it keeps a machine whose execution failed today, and removes one whose executions succeeded.
    const run = async (step: object, status: string) => {
      const workflow = { name: 'used', steps: { a: step } }
      const { body } = await api.call('POST', '/tasks', { workflow, lenient: true })
      expect(await api.ended(String(body.taskId))).toMatchObject({ status })
    }
    await run({ capability: 'echo' }, 'succeeded')
    await run({ capability: 'echo', input: { a: '{% 1 + "x" %}' }, timeoutSeconds: 9 }, 'failed')
    const url = `${api.awsUrl}/2015-03-31/functions/orchestrator-collect/invocations`
    const collect = async () =>
      (await fetch(url, { method: 'POST', body: JSON.stringify({ unusedDays: 0 }) })).json()
    expect(await collect()).toMatchObject({
      looked: 2,
      removed: [expect.stringMatching(/^shared-/)],
      busy: [expect.stringMatching(/^shared-/)],
    })
  })
})
