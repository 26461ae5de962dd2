/** GET /models over the embedded DynamoDB. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeHandlers } from '../../../functions/api/handlers.ts'
import { ROUTES } from '../../../shared/contracts/routes.ts'
import { ModelsSchema } from '../../../shared/domain/model-settings.ts'
import { NO_USE } from '../../../shared/domain/model-use.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { callerOf } from '../../support/stores/callers.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

const NOVA = { provider: 'bedrock', id: 'eu.amazon.nova-micro-v1:0', contextTokens: 128_000 }

async function listed(models: object) {
  const ports = { ...stores.ports, stageModels: ModelsSchema.parse(models) }
  const handlers = makeHandlers(ports, { callerOf: () => callerOf('one') })
  const event: object = { headers: {} }
  const { body = '' } = await handlers.listModels(event as APIGatewayProxyEventV2)
  // What is not in the schema would be lost without this.
  expect(ROUTES.listModels.success.output.parse(JSON.parse(body))).toEqual(JSON.parse(body))
  return JSON.parse(body) as object
}

it('lists what the stage configures, who may call it, and what it has used', async () => {
  const use = { ...NO_USE, calls: 2, inputTokens: 70, outputTokens: 30, costUsd: 0.5 }
  await stores.ports.modelUsage.addUse('fast', 'one', use)
  await Promise.all([
    stores.ports.agents.putAgent(makeAgent({ id: 'b', needs: { models: ['fast', 'default'] } })),
    stores.ports.agents.putAgent(makeAgent({ id: 'a', needs: { models: ['*', 'default'] } })),
    stores.ports.agents.putAgent(makeAgent({ id: 'c' })),
    stores.ports.agents.putAgent(makeAgent({ id: 'd', needs: { models: ['fast'] }, status: 'inactive' })),
  ])
  const own = {
    provider: 'openai-compatible',
    id: 'own',
    url: 'https://me:password@models.example:8443/keys/abc/v1?key=secret',
    secret: 'models/key',
    contextTokens: 8_000,
    structured: 'native',
    tokensPerMinute: 5_000,
    fallback: 'fast',
    fallbackAfterSeconds: 0,
  }
  const price = { input: 1, output: 2 }
  const answer = { fast: NOVA, own, priced: { ...NOVA, price } }
  expect(await listed(answer)).toEqual({
    models: [
      {
        ...NOVA,
        name: 'fast',
        structured: 'tool',
        price: { input: 0.035, output: 0.14, cacheRead: 0.00875 },
        agents: ['a', 'b'],
        used: use,
      },
      {
        name: 'own',
        provider: 'openai-compatible',
        id: 'own',
        url: 'https://models.example:8443',
        contextTokens: 8_000,
        structured: 'native',
        tokensPerMinute: 5_000,
        fallback: 'fast',
        fallbackAfterSeconds: 0,
        agents: ['a'],
        used: NO_USE,
      },
      { ...NOVA, name: 'priced', structured: 'tool', price, agents: ['a'], used: NO_USE },
    ],
    missing: [{ name: 'default', agents: ['a', 'b'] }],
  })
})

it('lists an agent at the models that its own fall back to', async () => {
  const chain = {
    default: { ...NOVA, fallback: 'second' },
    second: { ...NOVA, fallback: 'third' },
    third: NOVA,
  }
  expect(await listed(chain)).toMatchObject({
    models: ['default', 'second', 'third'].map((name) => ({ name, agents: ['a', 'b'] })),
  })
})

it('lists nothing for a stage without models', async () => {
  expect(await listed({})).toMatchObject({ models: [] })
})
