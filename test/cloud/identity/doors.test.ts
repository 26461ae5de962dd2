/** The door for tokens and keys on the local cloud: every route, with every token that must not open it; tokens are real ones. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Events } from 'oauth2-mock-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METADATA_PATH } from '../../../shared/contracts/resource-metadata.ts'
import { pathsOf, type Route } from '../../../shared/contracts/route.ts'
import { ROUTES, type RouteId } from '../../../shared/contracts/routes.ts'
import { mayDo, SCOPES } from '../../../shared/domain/caller.ts'
import { startCli } from '../../support/cloud/start-cli.ts'
import { startTokenCloud, TestIssuer, type TokenCloud } from '../../support/cloud/token-cloud.ts'

const IDS = Object.keys(ROUTES) as RouteId[]
const WORKFLOW = { name: 'asks', steps: { ask: { approval: { prompt: 'Go?', timeoutSeconds: 600 } } } }

let cloud: TokenCloud
let other: TestIssuer
let wrong: Record<string, string>
/** A task and a key of acme. */
let taskId: string
let keyId: string

beforeAll(async () => {
  cloud = await startTokenCloud()
  other = await TestIssuer.start()
  wrong = await cloud.issuer.wrongTokens(other)
  const token = await cloud.issuer.token()
  const submitted = await ask('POST', '/tasks', token, { workflow: WORKFLOW, input: {} })
  expect(submitted.status, JSON.stringify(submitted.body)).toBe(202)
  taskId = String(submitted.body.taskId)
  const made = await ask('POST', '/keys', token, { name: 'ci', scopes: ['tasks:read'] })
  keyId = String(made.body.id)
}, 180_000)
afterAll(async () => {
  await other.stop()
  await cloud.stop()
})

async function ask(method: string, path: string, token?: string, body?: object) {
  const response = await fetch(`${cloud.apiUrl}/api/v1${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: (text ? JSON.parse(text) : {}) as Record<string, unknown>,
  }
}

/** Bodies without which a route would refuse a request for what it says. */
const BODIES: Partial<Record<RouteId, object>> = {
  answerApproval: { decision: 'approve', by: 'ada' },
  rateStep: { score: 1 },
}

function requestFor(id: RouteId): [method: string, path: string, body: object | undefined] {
  const { method, path }: Route = ROUTES[id]
  const subject = path.startsWith('/keys') ? keyId : taskId
  const filled = path
    .replace('{id}', path.startsWith('/agents') ? 'echo' : subject)
    .replace('{stepId}', 'ask')
    .replace('{fileId}', `f_${'0'.repeat(26)}`)
    .replace('{name}', 'simple')
  return [method, filled, method === 'POST' || method === 'PUT' ? (BODIES[id] ?? {}) : undefined]
}

/** The routes with the id of what belongs to a tenant. */
const OWNED = IDS.filter((id) => /^\/(tasks|keys)\/\{id\}/.test(ROUTES[id].path))

describe.each(IDS)('%s', (id) => {
  it('answers 401 without a token, as API Gateway does', async () => {
    const [method, path, body] = requestFor(id)
    const answer = await ask(method, path, undefined, body)
    expect([answer.status, answer.body]).toEqual([401, { message: 'Unauthorized' }])
  })

  it('answers 401 to every token that is not right, and says why', async () => {
    const [method, path, body] = requestFor(id)
    const answers = await Promise.all(
      Object.entries(wrong).map(async ([what, token]) => {
        const { status, body: told, headers } = await ask(method, path, token, body)
        return [what, status, told.type, headers.get('www-authenticate')?.split(',')[0]]
      }),
    )
    expect(answers).toEqual(
      Object.keys(wrong).map((what) => [
        what,
        401,
        'urn:orchestrator:UnauthorizedError',
        'Bearer error="invalid_token"',
      ]),
    )
  })

  it('answers 403 to a token without its scope, and says which', async () => {
    const { scope } = ROUTES[id]
    const [method, path, body] = requestFor(id)
    const lacking = SCOPES.filter((one) => !mayDo({ scopes: [one] }, scope))
    const token = await cloud.issuer.token({ scope: lacking.join(' '), tenant: 'other' })
    const { status, body: told } = await ask(method, path, token, body)
    if (scope === 'any') expect(status).toBe(200)
    else expect([status, told.type]).toEqual([403, 'urn:orchestrator:ForbiddenError'])
  })
})

it.each(OWNED)('%s answers 404 to another tenant, as for an id that never was', async (id) => {
  const [method, path, body] = requestFor(id)
  const { status } = await ask(method, path, await cloud.issuer.token({ tenant: 'other' }), body)
  expect(status).toBe(404)
})

describe('a token that is right', () => {
  it('opens by RS256 and ES256, with any of the usual types, as its tenant', async () => {
    const tokens = [
      await cloud.issuer.token(),
      await cloud.issuer.token({}, { kid: 'elliptic' }),
      await cloud.issuer.token({}, { header: { typ: 'at+jwt' } }),
      await cloud.issuer.token({ aud: ['x', 'https://orchestrator.example.com'] }),
    ]
    for (const token of tokens) expect((await ask('GET', `/tasks/${taskId}`, token)).status).toBe(200)
    for (const path of pathsOf(ROUTES.getLinks)) {
      const response = await fetch(`${cloud.apiUrl}${path}`, {
        headers: { authorization: `bearer ${tokens[0]}` },
      })
      expect(response.status).toBe(200)
    }
  })

  it('is refused once it has ended, also while the authorizer’s answer is kept (door/D3)', async () => {
    const token = await cloud.issuer.token({ exp: Math.floor(Date.now() / 1_000) + 1 })
    expect((await ask('GET', '/tasks', token)).status).toBe(200)
    await expect
      .poll(async () => (await ask('GET', '/tasks', token)).status, { timeout: 5_000, interval: 200 })
      .toBe(401)
  })

  it('does not make a request that fits no route known: that is asked for too', async () => {
    expect((await ask('GET', '/tasks/x/y/z', String(wrong.expired))).status).toBe(401)
    expect((await ask('GET', '/nothing')).status).toBe(401)
    expect((await ask('GET', '/nothing', await cloud.issuer.token())).status).toBe(404)
  })
})

describe('a key', () => {
  it('opens what its scopes say, and is refused within a minute of being revoked', async () => {
    const { id, key } = await cloud.makeKey({ scopes: ['tasks:read'] })
    expect((await ask('GET', '/tasks', key)).status).toBe(200)
    expect((await ask('POST', '/tasks', key, { workflow: WORKFLOW })).status).toBe(403)
    expect((await ask('GET', `/tasks/${taskId}`, key)).status).toBe(404)
    expect((await cloud.askAsUser({ method: 'DELETE', path: `/api/v1/keys/${id}` })).status).toBe(200)
    cloud.pass(60)
    const { status, body } = await ask('GET', '/tasks', key)
    expect([status, body.detail]).toEqual([
      401,
      'not signed in: the key is not known, has expired, or is revoked',
    ])
  })

  it('does not open by its id, nor with a secret that is not its own', async () => {
    const { id, key } = await cloud.makeKey({ scopes: ['admin'] })
    for (const text of [id, `orc_${id}`, `orc_${id}_${'A'.repeat(43)}`, key.slice(0, -1)])
      expect((await ask('GET', '/tasks', text)).status, text).toBe(401)
    expect((await ask('GET', '/tasks', key)).status).toBe(200)
  })

  it('is in no log', async () => {
    const { key } = await cloud.makeKey({ scopes: ['admin'] })
    const token = await cloud.issuer.token()
    for (const secret of [key, token]) await ask('GET', '/tasks', secret)
    const logs = cloud.logs.join('')
    expect(logs).toContain('admitted')
    for (const secret of [key.split('_')[2] ?? '', token.split('.')[2] ?? ''])
      expect(logs).not.toContain(secret)
  })
})

describe('the command line', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'profiles-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    startCli(args, { XDG_CONFIG_HOME: folder, ORCHESTRATOR_URL: '', ...env })

  it('signs in at the issuer that the door names, and is known from then on', async () => {
    cloud.issuer.server.service.on(Events.BeforeTokenSigning, ({ payload }) => {
      Object.assign(payload, {
        aud: 'https://orchestrator.example.com',
        sub: 'ada',
        tenant: 'acme',
        scope: 'tasks:read',
      })
      delete payload.at_hash
    })
    const { child, outcome } = run(['login', cloud.apiUrl, '--no-browser', '--profile', 'work'])
    const address = new Promise<string>((resolve) => {
      child.stdout?.on('data', (text: string) => {
        const [, found] = /sign in at (\S+)/.exec(text) ?? []
        if (found) resolve(found)
      })
    })
    await fetch(await address)
    expect(await outcome).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('the profile "work" is for'),
    })
    const listed = await run(['list', '--json', '--profile', 'work']).outcome
    expect(listed.code, listed.stderr).toBe(0)
    expect(JSON.parse(listed.stdout)).toMatchObject({ tasks: [{ taskId }] })
    const refused = await run(['keys', 'list', '--profile', 'work']).outcome
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('needs the scope "keys:write"'),
    })
    expect((await run(['logout', '--profile', 'work']).outcome).code).toBe(0)
    expect((await run(['list', '--profile', 'work']).outcome).stderr).toContain('there is no profile "work"')
  })

  it('shows a key of the environment, and says how to sign in without one', async () => {
    const { key } = await cloud.makeKey({ scopes: ['admin'] })
    const env = { ORCHESTRATOR_URL: cloud.apiUrl }
    const made = await run(['keys', 'create', 'ci', '--scope', 'tasks:read', '--json'], {
      ...env,
      ORCHESTRATOR_KEY: key,
    }).outcome
    const { id, key: other } = JSON.parse(made.stdout)
    expect((await run(['list'], { ...env, ORCHESTRATOR_KEY: other }).outcome).code).toBe(0)
    const rotated = await run(['keys', 'rotate', id, '--overlap', '5'], { ...env, ORCHESTRATOR_KEY: key })
      .outcome
    expect(rotated.stdout).toMatch(/^orc_/)
    expect((await run(['keys', 'revoke', id], { ...env, ORCHESTRATOR_KEY: key }).outcome).stdout).toContain(
      'is revoked',
    )
    expect((await run(['keys', 'list'], { ...env, ORCHESTRATOR_KEY: key }).outcome).stdout).toContain(
      'tasks:read',
    )
    const refused = await run(['list'], env).outcome
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('npx orchestrator login <url>'),
    })
  })
})

it('tells who has no token which issuers give some', async () => {
  const response = await fetch(`${cloud.apiUrl}${METADATA_PATH}`)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    resource: cloud.apiUrl,
    authorization_servers: [cloud.issuer.url],
    orchestrator_clients: [
      { issuer: cloud.issuer.url, client_id: 'cli', audience: 'https://orchestrator.example.com' },
    ],
  })
})
