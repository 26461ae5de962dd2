/** Every route of the API, asked by callers with every set of scopes that matters. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHandlers } from '../../../functions/api/handlers.ts'
import { ROUTES, type RouteId } from '../../../shared/contracts/routes.ts'
import { mayDo, SCOPES, type Scope } from '../../../shared/domain/caller.ts'
import { callerOf } from '../../support/stores/callers.ts'
import { startStores } from '../../support/stores/start-stores.ts'

const IDS = Object.keys(ROUTES) as RouteId[]

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

/** What a request without any content meets: the name of the error, or that it was let in and answered. */
async function ask(id: RouteId, scopes: readonly Scope[]): Promise<string> {
  const handlers = makeHandlers(stores.ports, { callerOf: () => ({ ...callerOf('one'), scopes }) })
  const event: object = { headers: {} }
  return handlers[id](event as APIGatewayProxyEventV2).then(
    () => 'answered',
    (error: Error) => error.name,
  )
}

describe.each(IDS)('%s', (id) => {
  const { scope } = ROUTES[id]

  it('is refused to a caller without its scope, whatever else it holds', async () => {
    const others = SCOPES.filter((one) => !mayDo({ scopes: [one] }, scope))
    expect((await ask(id, others)) === 'ForbiddenError').toBe(scope !== 'any')
    expect((await ask(id, [])) === 'ForbiddenError').toBe(scope !== 'any')
  })

  it('is open to a caller with its scope, and to one with admin', async () => {
    expect(await ask(id, scope === 'any' ? [] : [scope])).not.toBe('ForbiddenError')
    expect(await ask(id, ['admin'])).not.toBe('ForbiddenError')
  })
})

it('says which scope is needed and which the caller holds', async () => {
  const handlers = makeHandlers(stores.ports, {
    callerOf: () => ({ ...callerOf('one'), scopes: ['tasks:read'] }),
  })
  const event: object = { headers: {} }
  await expect(handlers.submitTask(event as APIGatewayProxyEventV2)).rejects.toMatchObject({
    name: 'ForbiddenError',
    status: 403,
    message: 'POST /api/v1/tasks needs the scope "tasks:write"; this caller holds tasks:read',
  })
})

it('decides by the scopes alone (random sets, random routes)', async () => {
  const scopes = fc.subarray([...SCOPES])
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...IDS), scopes, async (id, held) => {
      const isRefused = (await ask(id, held)) === 'ForbiddenError'
      expect(isRefused).toBe(!mayDo({ scopes: held }, ROUTES[id].scope))
    }),
    { numRuns: 200 },
  )
})
