/** What the API answers while a deployment is being registered; the store is the embedded DynamoDB. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeHandlers } from '../../../functions/api/handlers.ts'
import { registerDeployment } from '../../../shared/app/catalogue/register-deployment.ts'
import { removeDeployment } from '../../../shared/app/catalogue/remove-deployment.ts'
import type { RouteId } from '../../../shared/contracts/routes.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { callerOf } from '../../support/stores/callers.ts'
import { seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeEach(async () => {
  stores = await startStores()
})
afterEach(() => stores.stop())

async function ask(route: RouteId, body?: object, expected = { agents: 2, workflows: 1 }) {
  const handlers = makeHandlers({ ...stores.ports, expected }, { callerOf: () => callerOf('one') })
  const event: object = { headers: {}, ...(body ? { body } : {}) }
  const answer = await handlers[route](event as APIGatewayProxyEventV2)
  return JSON.parse(answer.body ?? '') as unknown
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
    await seedWorkflow(stores.ports, { steps, agents: [makeAgent({ id: 'one' })] })
    await expect(ask('getHealth')).rejects.toMatchObject(starting(1, 1))
    await stores.ports.agents.putAgent(makeAgent({ id: 'two' }))
    await expect
      .poll(() => ask('getHealth').catch(String), { timeout: 5_000 })
      .toEqual({
        status: 'ok',
        agents: 2,
        workflows: 1,
      })
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
    const complete = ask(route, body, { agents: 0, workflows: 0 })
    await expect(complete).rejects.toMatchObject({ status: expect.toSatisfy((status) => status < 500) })
  })

  it('takes what it can run (readiness/Y3)', async () => {
    const workflow = await seedWorkflow(stores.ports, { steps, agents: [makeAgent()] })
    expect(await ask('submitTask', { workflow, input: {} }, { agents: 9, workflows: 9 })).toMatchObject({
      status: expect.any(String),
    })
  })

  it('stays healthy when an agent is removed, and is not after the removal of all', async () => {
    const { ports } = stores
    const brought = ['one', 'two'].map((id) => ({ manifest: makeAgent({ id }), functionArn: `arn:${id}` }))
    await registerDeployment(ports)({ agents: brought, workflows: [] })
    await registerDeployment(ports)({ agents: brought.slice(1), workflows: [] })
    expect(await ask('getHealth', undefined, { agents: 1, workflows: 0 })).toMatchObject({ status: 'ok' })
    await seedWorkflow(ports, { steps, agents: [] })
    await removeDeployment(ports)()
    await expect(ask('getHealth')).rejects.toMatchObject({ name: 'StartingError' })
  })
})
