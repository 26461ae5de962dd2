import { expect } from 'vitest'
import { ROUTES, type RouteId } from '../../../shared/contracts/routes.ts'
import { mayDo, SCOPES } from '../../../shared/domain/caller.ts'
import { type IdentityDoor, requestOf } from './identity-door.ts'
import { otherWrongTokens } from './signer.ts'

export type IdentityScenario = { name: string; run(door: IdentityDoor): Promise<void> }

const IDS = Object.keys(ROUTES) as RouteId[]
/** The routes with the id of what belongs to a tenant. */
export const OWNED = IDS.filter((id) => /^\/(tasks|keys)\/\{id\}/.test(ROUTES[id].path))

/** Every route with every token that must not open it, as the design's table says (identity.md). */
export const REFUSALS: IdentityScenario[] = IDS.flatMap((id) => [
  {
    name: `${id} answers 401 without a token, as API Gateway does`,
    async run({ ask, owned }) {
      const [method, path, body] = requestOf(id, owned)
      const answer = await ask(method, path, undefined, body)
      expect([answer.status, answer.body]).toEqual([401, { message: 'Unauthorized' }])
    },
  },
  {
    name: `${id} answers 401 to every token that is not right, and says why`,
    run: (door) => refusesAll(door, id, door.wrong),
  },
  {
    name: `${id} answers 403 to a token without its scope, and says which`,
    async run({ ask, owned, signer }) {
      const { scope } = ROUTES[id]
      const [method, path, body] = requestOf(id, owned)
      const lacking = SCOPES.filter((one) => !mayDo({ scopes: [one] }, scope))
      const token = await signer.token({ scope: lacking.join(' '), tenant: 'other' })
      const { status, body: told } = await ask(method, path, token, body)
      if (scope === 'any') expect(status).toBe(200)
      else expect([status, told.type]).toEqual([403, 'urn:orchestrator:ForbiddenError'])
    },
  },
  ...(OWNED.includes(id) ? [otherTenant(id)] : []),
])

function otherTenant(id: RouteId): IdentityScenario {
  return {
    name: `${id} answers 404 to another tenant, as for an id that never was`,
    async run({ ask, owned, signer }) {
      const [method, path, body] = requestOf(id, owned)
      const { status } = await ask(method, path, await signer.token({ tenant: 'other' }), body)
      expect(status).toBe(404)
    },
  }
}

/** Everything else that opens nothing, on one route. */
export const FURTHER_REFUSALS: IdentityScenario = {
  name: 'opens to no token that another may have made, nor to one that is for something else',
  run: async (door) => refusesAll(door, 'listTasks', await otherWrongTokens(door.signer, door.other)),
}

async function refusesAll(
  { ask, owned }: IdentityDoor,
  id: RouteId,
  wrong: Record<string, string>,
): Promise<void> {
  const [method, path, body] = requestOf(id, owned)
  const answers = await Promise.all(
    Object.entries(wrong).map(async ([what, token]) => {
      const { status, body: told, headers } = await ask(method, path, token, body)
      return [what, status, told.type, challengeIn(headers)]
    }),
  )
  const refused = [401, 'urn:orchestrator:UnauthorizedError', 'Bearer error="invalid_token"']
  expect(answers).toEqual(Object.keys(wrong).map((what) => [what, ...refused]))
}

/** API Gateway sends the challenge under another name. */
const challengeIn = (headers: Headers): string | undefined =>
  (headers.get('www-authenticate') ?? headers.get('x-amzn-remapped-www-authenticate'))?.split(',')[0]
