/** What the API answers while a deployment is being registered; the store is the embedded DynamoDB. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeHandlers } from '../../../functions/api/handlers.ts'
import { registerDeployment } from '../../../shared/app/catalogue/register-deployment.ts'
import { removeDeployment } from '../../../shared/app/catalogue/remove-deployment.ts'
import { countExpected, parseExpected, textOfExpected } from '../../../shared/contracts/expected-names.ts'
import type { RouteId } from '../../../shared/contracts/routes.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { callerOf } from '../../support/stores/callers.ts'
import { seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeEach(async () => {
  stores = await startStores()
})
afterEach(() => stores.stop())

const WORKFLOW = 'brought'
const named = (agents: string[], workflows: string[]) => ({
  agents: { names: agents },
  workflows: { names: workflows },
})

async function ask(route: RouteId, body?: object, expected = named(['one', 'two'], [WORKFLOW])) {
  const handlers = makeHandlers({ ...stores.ports, expected }, { callerOf: () => callerOf('one') })
  const event: object = { headers: {}, ...(body ? { body } : {}) }
  const answer = await handlers[route](event as APIGatewayProxyEventV2)
  return JSON.parse(answer.body ?? '') as unknown
}

/** As a deployment registers it. */
async function deployWorkflow(name: string): Promise<void> {
  const { workflow } = validateWorkflow({ name, steps })
  if (!workflow) throw new Error('the workflow is not valid')
  await stores.ports.workflows.putWorkflow({
    workflow,
    stateMachineArn: `arn:${name}`,
    gates: [],
    registeredAt: '',
    active: true,
    origin: 'deployment',
  })
}

const steps = { ask: { approval: { prompt: 'Go?', timeoutSeconds: 60 } } }
const starting = (agents: number, workflows: number) => ({
  name: 'StartingError',
  status: 503,
  retryable: true,
  details: {
    starting: {
      agents: { registered: agents, expected: 2 },
      workflows: { registered: workflows, expected: 1 },
    },
    headers: { 'retry-after': '5' },
  },
})

describe('an installation that is starting', () => {
  it('is not healthy before all agents and workflows are registered (readiness/Y1)', async () => {
    await expect(ask('getHealth')).rejects.toMatchObject(starting(0, 0))
    await stores.ports.agents.putAgent(makeAgent({ id: 'one' }))
    await expect(ask('getHealth')).rejects.toThrow('1 of 2 agents and 0 of 1 workflows are registered')
    await deployWorkflow(WORKFLOW)
    await expect.poll(() => ask('getHealth').catch((error) => error)).toMatchObject(starting(1, 1))
    await stores.ports.agents.putAgent(makeAgent({ id: 'two' }))
    await expect
      .poll(() => ask('getHealth').catch(String), { timeout: 5_000 })
      .toEqual({
        status: 'ok',
        agents: 2,
        workflows: 1,
      })
  })

  it('counts names: others in their place do not make it healthy (readiness/Y4)', async () => {
    const { ports } = stores
    await deployWorkflow('other')
    for (const id of ['one', 'three']) await ports.agents.putAgent(makeAgent({ id }))
    await ports.agents.putAgent(makeAgent({ id: 'two', origin: 'api' }))
    await expect(ask('getHealth')).rejects.toMatchObject({
      message: expect.stringContaining(
        '1 of 2 agents and 0 of 1 workflows are registered (missing: two, brought)',
      ),
      details: { starting: { agents: { registered: 1, expected: 2, missing: ['two'] } } },
    })
  })

  it('knows many names by their number and digest (readiness/Y4)', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `an-agent-with-a-long-name-${at}`)
    const expected = parseExpected(textOfExpected(names, stores.ports.ids.digest))
    expect(expected).toEqual({ count: 60, digest: expect.stringMatching(/^[0-9a-f]{16}$/) })
    const count = (registered: string[]) => countExpected(expected, registered, stores.ports.ids.digest)
    expect(count(names.toReversed())).toEqual({ registered: 60, expected: 60, missing: [] })
    expect(count([...names.slice(1), 'another'])).toEqual({ registered: 59, expected: 60, missing: [] })
  })

  it('expects nothing by the number of an earlier release (readiness/Y3)', () => {
    expect(parseExpected('33')).toEqual({ names: [] })
  })

  it.each<[RouteId, object]>([
    ['submitTask', { type: 'nothing', input: {} }],
    ['submitTask', { workflow: 'nothing', input: {} }],
    ['makePlan', { type: 'nothing', input: {} }],
    [
      'submitTask',
      { workflow: { name: 'own', steps: { a: { capability: 'text.none', input: {} } } }, input: {} },
    ],
  ])('tells %s %j to come again, and what it lacks (readiness/Y2)', async (route, body) => {
    await expect(ask(route, body)).rejects.toMatchObject(starting(0, 0))
    const complete = ask(route, body, named([], []))
    await expect(complete).rejects.toMatchObject({ status: expect.toSatisfy((status) => status < 500) })
  })

  it('takes what it can run (readiness/Y3)', async () => {
    const workflow = await seedWorkflow(stores.ports, { steps, agents: [makeAgent()] })
    expect(await ask('submitTask', { workflow, input: {} }, named(['a', 'b'], ['c']))).toMatchObject({
      status: expect.any(String),
    })
  })

  it('stays healthy when an agent is removed, and is not after the removal of all', async () => {
    const { ports } = stores
    const brought = ['one', 'two'].map((id) => ({ manifest: makeAgent({ id }), functionArn: `arn:${id}` }))
    await registerDeployment(ports)({ agents: brought, workflows: [] })
    await registerDeployment(ports)({ agents: brought.slice(1), workflows: [] })
    expect(await ask('getHealth', undefined, named(['two'], []))).toMatchObject({ status: 'ok' })
    await removeDeployment(ports)()
    await expect(ask('getHealth')).rejects.toMatchObject({ name: 'StartingError' })
  })
})
