import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { stepfunctionsMachines } from '../../functions/adapters/stepfunctions/machines.ts'
import { type Deployment, registerDeployment } from '../../shared/app/catalogue/register-deployment.ts'
import { registerWorkflow } from '../../shared/app/catalogue/register-workflow.ts'
import { removeDeployment } from '../../shared/app/catalogue/remove-deployment.ts'
import { collectMachines } from '../../shared/app/machines/collect-machines.ts'
import { submitTask } from '../../shared/app/tasks/submit-task.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { makeAgent } from '../support/agents/make-agent.ts'
import { stepFunctionsWithQuotas } from '../support/cloud/step-functions-quotas.ts'
import { CALLER } from '../support/stores/callers.ts'
import { startStores } from '../support/stores/start-stores.ts'

const COUNT = 400
/** Enough machines to empty the token buckets of publishing and deleting, for tests of throttling itself. */
const FEWER = 160
/** Too short to publish or delete that many machines. */
const SHORT_SECONDS = 40
/** Lambda's fifteen minutes, less the last one, which is reserved for the answer. */
const LAMBDA_SECONDS = 840

let stores: Awaited<ReturnType<typeof startStores>>
beforeEach(async () => {
  stores = await startStores()
})
afterEach(() => stores.stop())

const nameAt = (at: number): string => `w${at}`
const namesOf = (count: number) => Array.from({ length: count }, (_, at) => nameAt(at))
const names = namesOf(COUNT)
const fewer = namesOf(FEWER)

function workflow(name: string) {
  const parsed = validateWorkflow({ name, steps: { a: { capability: 'work.do' } } })
  if (!parsed.workflow) throw new Error('invalid')
  return parsed.workflow
}

/** An installation against Step Functions with AWS's quotas; each `invoke` has the time of a Lambda function. */
function install() {
  const aws = stepFunctionsWithQuotas()
  let until = 0
  const patience = { wait: aws.wait, leftMilliseconds: () => until - aws.now() }
  const { client, arnPrefix } = aws
  const machines = stepfunctionsMachines({ client, arnPrefix, roleArn: 'role', substitutions: {}, patience })
  const ports = { ...stores.ports, machines }

  /** Returns the elapsed virtual seconds. */
  async function invoke(work: () => Promise<unknown>, seconds = LAMBDA_SECONDS): Promise<number> {
    const began = aws.now()
    until = began + seconds * 1_000
    await work()
    return (aws.now() - began) / 1_000
  }

  /** CloudFormation creates the machines before it calls the registration. */
  function deployment(definitionOf: (name: string) => string, brought = names): Deployment {
    for (const name of brought) aws.put(name, definitionOf(name))
    const workflows = brought.map((name) => {
      return { workflow: workflow(name), stateMachineArn: `${arnPrefix}${name}`, gates: [] }
    })
    return { agents: [], workflows }
  }
  const register = (deployed: Deployment) => () => registerDeployment(ports)(deployed)
  return {
    aws,
    ports,
    invoke,
    deployment,
    register,
    published: () => aws.calls.get('PublishStateMachineVersion') ?? 0,
  }
}

const machineOf = async (name: string) => (await stores.ports.workflows.findWorkflow(name))?.stateMachineArn

describe(`publishing ${COUNT} workflows where Step Functions publishes 100 at once and then one a second`, () => {
  it('succeeds in one invocation, goes as fast as it may, and publishes only what has changed afterwards (deployment/D4)', async () => {
    const { aws, invoke, deployment, register, published } = install()
    const first = await invoke(register(deployment(() => 'first')))
    expect(aws.throttledCalls()).toBeGreaterThan(0)
    expect(first).toBeGreaterThan(COUNT - 100 - 20)
    expect(first).toBeLessThan(COUNT)
    expect(published()).toBe(COUNT)
    expect(await machineOf('w399')).toBe(`${aws.arnPrefix}w399:1`)

    const changed = (name: string) => (name === 'w7' ? 'second' : 'first')
    const second = await invoke(register(deployment(changed)))
    expect(published()).toBe(COUNT + 1)
    expect(second).toBeLessThan(60)
    expect(await machineOf('w7')).toBe(`${aws.arnPrefix}w7:2`)
    expect(await machineOf('w8')).toBe(`${aws.arnPrefix}w8:1`)
  })

  it('rolls back in one invocation what a failed deployment has published (deployment/D3)', async () => {
    const { aws, invoke, deployment, register, published } = install()
    await invoke(register(deployment(() => 'first', fewer)))
    await invoke(register(deployment(() => 'second', fewer)))
    const before = published()
    // The properties are unchanged, the machines' revisions are new.
    const seconds = await invoke(register(deployment(() => 'first', fewer)))
    expect(seconds).toBeLessThan(LAMBDA_SECONDS)
    expect(published()).toBe(before + FEWER)
    for (const name of ['w0', nameAt(FEWER - 1)]) {
      const arn = await machineOf(name)
      expect(arn).toBe(`${aws.arnPrefix}${name}:3`)
      expect(aws.machines.get(`${aws.arnPrefix}${name}`)?.definition).toBe('first')
    }
  })

  it('rolls back an interrupted deployment: untouched workflows cost no calls (deployment/D4)', async () => {
    const { aws, invoke, deployment, register, published } = install()
    await invoke(register(deployment(() => 'first', fewer)))
    const half = (name: string) => (Number(name.slice(1)) < 50 ? 'second' : 'first')
    await expect(invoke(register(deployment(half, fewer)), 5)).rejects.toMatchObject({
      name: 'UnavailableError',
    })
    const before = published()
    await invoke(register(deployment(() => 'first', fewer)))
    expect(published() - before).toBeLessThanOrEqual(50)
    expect(await machineOf('w159')).toBe(`${aws.arnPrefix}w159:1`)
  })

  it('continues where an invocation ran out of time (deployment/D4)', async () => {
    const { invoke, deployment, register, published } = install()
    const deployed = deployment(() => 'first', fewer)
    let invocations = 0
    for (let done = false; !done; ) {
      invocations++
      done = await invoke(register(deployed), SHORT_SECONDS).then(
        () => true,
        (error: Error) => {
          expect(error.name).toBe('UnavailableError')
          return false
        },
      )
      expect(invocations).toBeLessThan(5)
    }
    expect(invocations).toBeGreaterThan(1)
    expect(published()).toBe(FEWER)
    expect(await stores.ports.workflows.listWorkflows()).toHaveLength(FEWER)
  })

  it('publishes a workflow again whose machine was deleted and created anew', async () => {
    const { aws, invoke, deployment, register } = install()
    await invoke(register(deployment(() => 'first', ['w1'])))
    aws.machines.clear()
    await invoke(register(deployment(() => 'first', ['w1'])))
    expect(aws.machines.get(`${aws.arnPrefix}w1`)?.versions.size).toBe(1)
    expect(await machineOf('w1')).toBe(`${aws.arnPrefix}w1:1`)
  })

  it('keeps a hundred versions of a machine', async () => {
    const { aws, invoke, deployment, register } = install()
    for (let at = 1; at <= 103; at++) await invoke(register(deployment(() => `definition ${at}`, ['w1'])))
    const versions = [...(aws.machines.get(`${aws.arnPrefix}w1`)?.versions.keys() ?? [])]
    expect(versions).toHaveLength(100)
    expect(versions[0]).toBe(4)
  })
})

describe(`destroying ${COUNT} workflows where Step Functions deletes 100 at once and then one a second`, () => {
  it('succeeds in one invocation, even with running executions, including machines created at run time', async () => {
    const { aws, ports, invoke, deployment, register } = install()
    await invoke(register(deployment(() => 'first')))
    await ports.agents.putAgent(makeAgent())
    await registerWorkflow(ports)(
      {
        name: 'published',
        workflow: { ...workflow('published'), version: 20_261_128 },
      },
      CALLER,
    )
    const own = { name: 'own', steps: { a: { capability: 'work.do' } } }
    await submitTask(ports)({ workflow: own, metadata: {} }, CALLER)
    expect(aws.machines.size).toBe(COUNT + 2)
    for (const machine of aws.machines.values()) machine.running = 3

    const seconds = await invoke(removeDeployment(ports))
    expect(seconds).toBeLessThan(LAMBDA_SECONDS)
    expect(aws.machines.size).toBe(0)
    expect(await ports.collectables.listMachines()).toEqual([])
    expect(await ports.workflows.listWorkflows()).toEqual([])
  })

  it('is finished by later invocations, none of which begins again (removal/R3)', async () => {
    const { aws, ports, invoke, deployment, register } = install()
    await invoke(register(deployment(() => 'first', fewer)))
    let invocations = 0
    while (aws.machines.size > 0) {
      const left = aws.machines.size
      invocations++
      await invoke(removeDeployment(ports), SHORT_SECONDS).catch((error: Error) => {
        expect(error.name).toBe('UnavailableError')
      })
      expect(aws.machines.size).toBeLessThan(left)
      expect(invocations).toBeLessThan(6)
    }
    expect(invocations).toBeGreaterThan(1)
    expect(aws.calls.get('DeleteStateMachine')).toBe(FEWER)
  })

  it('leaves unfinished removals to the collection of the next installation (machines/Q3)', async () => {
    const { aws, ports, invoke, deployment, register } = install()
    await invoke(register(deployment(() => 'first', fewer)))
    await invoke(removeDeployment(ports), 1).catch(() => {})
    expect(aws.machines.size).toBeGreaterThan(FEWER - 120)
    await invoke(() => collectMachines(ports)({ unusedDays: 0 }))
    expect(aws.machines.size).toBe(0)
  })
})
