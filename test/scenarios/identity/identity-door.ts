import { type Client, makeClient } from '../../../shared/client/index.ts'
import type { Route } from '../../../shared/contracts/route.ts'
import { ROUTES, type RouteId } from '../../../shared/contracts/routes.ts'
import { send } from '../send.ts'
import { type Claims, type Signer, signerOf, wrongTokens } from './signer.ts'

/** How tests reach the door for tokens and keys of a deployment, whose stage names the issuer of `signer` with the claims `tenant` and `scope`. */
export type IdentityDoor = {
  /** Without `/api/v1`. */
  url: string
  signer: Signer
  /** Signs as well, and the stage does not name it. */
  other: Signer
  /** Calls the API with a token or a key; undefined sends none. */
  ask(method: string, path: string, secret?: string, body?: object): Promise<TokenAnswer>
  /** The typed client of a tenant, by default with every scope. */
  as(tenant: string, claims?: Claims): Promise<Client>
  /** Tokens that must open nothing, each by what is wrong with it. */
  wrong: Record<string, string>
  /** What belongs to acme. */
  owned: { taskId: string; keyId: string }
  /** Lets a minute pass since then (milliseconds since 1970), by which the gateway has forgotten what the authorizer had said. */
  passMinute(since: number): Promise<void>
  /** Keys of acme that are revoked or replaced, others that are not, and since when. */
  revoked?: { gone: string[]; live: string[]; at: number }
}
export type TokenAnswer = { status: number; headers: Headers; body: Record<string, unknown> }

export const WORKFLOW = {
  name: 'asks',
  steps: { ask: { approval: { prompt: 'Go?', timeoutSeconds: 3_600 } } },
}

type Place = Pick<IdentityDoor, 'url' | 'signer' | 'passMinute'> & { other?: Signer }

/** Opens the door as ada of acme, who gets a task that waits and a key. Throws where it does not open. */
export async function openIdentityDoor({ url, signer, other, passMinute }: Place): Promise<IdentityDoor> {
  const ask = asking(url)
  const token = await signer.token()
  const submitted = await ask('POST', '/tasks', token, { workflow: WORKFLOW, input: {} })
  if (submitted.status !== 202) throw new Error(`${submitted.status} ${JSON.stringify(submitted.body)}`)
  const made = await ask('POST', '/keys', token, { name: 'ci', scopes: ['tasks:read'] })
  if (made.status !== 201) throw new Error(`${made.status} ${JSON.stringify(made.body)}`)
  return {
    url,
    signer,
    other: other ?? (await signerOf('https://other.example.com')),
    ask,
    passMinute,
    wrong: await wrongTokens(signer),
    owned: { taskId: String(submitted.body.taskId), keyId: String(made.body.id) },
    async as(tenant, claims = {}) {
      const authorization = `Bearer ${await signer.token({ tenant, sub: `${tenant}-person`, ...claims })}`
      return makeClient({
        baseUrl: url,
        sign: (request) => {
          request.headers.set('authorization', authorization)
          return request
        },
        fetch: (input, init) => send(new Request(input, init)),
      })
    },
  }
}

function asking(url: string): IdentityDoor['ask'] {
  return async (method, path, secret, body) => {
    const response = await send(
      new Request(`${url}/api/v1${path}`, {
        method,
        headers: {
          ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      }),
    )
    const text = await response.text()
    const { status, headers } = response
    return { status, headers, body: (text ? JSON.parse(text) : {}) as Record<string, unknown> }
  }
}

/** `passMinute` by this machine's clock. */
export function waitMinute(since: number): Promise<void> {
  const rest = Math.max(0, since + 61_000 - Date.now())
  return new Promise((resolve) => setTimeout(resolve, rest))
}

/** Bodies without which a route would refuse a request for what it says. */
const BODIES: Partial<Record<RouteId, object>> = {
  createLink: { action: 'result' },
  answerApproval: { decision: 'approve', by: 'ada' },
  rateStep: { score: 1 },
  postMessage: { to: 'hear' },
  putTaskStateKey: { value: 1 },
  restoreTaskState: { at: '2026-01-01T00:00:00Z' },
}

/** A request of a route that is right in all but who asks; its ids are those of what acme owns. */
export function requestOf(
  id: RouteId,
  { taskId, keyId }: IdentityDoor['owned'],
): [method: string, path: string, body: object | undefined] {
  const { method, path }: Route = ROUTES[id]
  const subject = path.startsWith('/keys') ? keyId : taskId
  const filled = path
    .replace('{id}', path.startsWith('/agents') ? 'echo' : subject)
    .replace('{stepId}', 'ask')
    .replace('{key}', 'notes')
    .replace('{fileId}', `f_${'0'.repeat(26)}`)
    .replace('{linkId}', `l_${'0'.repeat(26)}`)
    .replace('{name}', 'simple')
  return [method, filled, method === 'POST' || method === 'PUT' ? (BODIES[id] ?? {}) : undefined]
}
