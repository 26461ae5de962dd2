import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { API_PREFIX } from '../../../shared/contracts/route.ts'
import { alterAssembly, removeAltered } from '../../support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

const PAGE = 'https://app.example.com'
/** As infra makes it of `allowedOrigins`: test/assembly/closed-api.test.ts. */
const CORS = {
  AllowOrigins: [PAGE, 'http://localhost:3000'],
  AllowMethods: ['DELETE', 'GET', 'POST', 'PUT'],
  AllowHeaders: ['authorization', 'content-type', 'idempotency-key'],
  ExposeHeaders: ['allow', 'location', 'retry-after'],
  MaxAge: 3_600,
}

let api: LocalApi
beforeAll(async () => {
  const assembly = alterAssembly(({ Resources }) => {
    const found = Object.values(Resources).find(({ Type }) => Type === 'AWS::ApiGatewayV2::Api')
    Object.assign(found?.Properties ?? {}, { CorsConfiguration: CORS })
  })
  api = await startApi({ assembly })
})
afterAll(async () => {
  await api.stop()
  removeAltered()
})

function send(method: string, path: string, headers: Record<string, string>, body?: unknown) {
  const json = body === undefined ? {} : { body: JSON.stringify(body) }
  return fetch(`${api.apiUrl}${path}`, { method, headers, redirect: 'manual', ...json })
}
const preflight = (origin: string, method: string, path: string) =>
  send('OPTIONS', path, {
    origin,
    'sec-fetch-site': 'cross-site',
    'access-control-request-method': method,
    'access-control-request-headers': 'content-type',
  })
const crossOriginIn = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')))

describe('a page of an allowed origin', () => {
  it.each(CORS.AllowOrigins)('%s is told by a preflight request what it may send', async (origin) => {
    const answer = await preflight(origin, 'POST', `${API_PREFIX}/tasks`)
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    expect(crossOriginIn(answer)).toEqual({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'DELETE,GET,POST,PUT',
      'access-control-allow-headers': 'authorization,content-type,idempotency-key',
      'access-control-expose-headers': 'allow,location,retry-after',
      'access-control-max-age': '3600',
    })
    expect(answer.headers.get('vary')).toBe('origin')
  })

  it('submits a task, reads where it is, and reads errors too', async () => {
    const headers = { origin: PAGE, 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' }
    const readable = {
      'access-control-allow-origin': PAGE,
      'access-control-expose-headers': 'allow,location,retry-after',
    }
    const submitted = await send('POST', `${API_PREFIX}/tasks`, headers, { type: 'simple', input: {} })
    const location = String(submitted.headers.get('location'))
    expect([submitted.status, crossOriginIn(submitted)]).toEqual([202, readable])
    const { taskId } = (await submitted.json()) as { taskId: string }
    expect(location).toBe(`${API_PREFIX}/tasks/${taskId}`)
    expect(await (await send('GET', location, headers)).json()).toMatchObject({ taskId })
    const missing = await send('GET', `${API_PREFIX}/tasks/nothing`, headers)
    expect([missing.status, crossOriginIn(missing)]).toEqual([400, readable])
  })
})

describe('any other page', () => {
  it.each(['https://app.example.com.evil.example', 'http://app.example.com', 'https://evil.example', 'null'])(
    '%s is refused, also by preflight',
    async (origin) => {
      for (const answer of [
        await preflight(origin, 'POST', `${API_PREFIX}/tasks`),
        await send('GET', `${API_PREFIX}/tasks`, { origin, 'sec-fetch-site': 'cross-site' }),
      ])
        expect([answer.status, crossOriginIn(answer)]).toEqual([403, {}])
    },
  )

  it('is refused without an Origin header', async () => {
    const answer = await send('GET', `${API_PREFIX}/tasks`, { 'sec-fetch-site': 'cross-site' })
    expect(answer.status).toBe(403)
  })
})

describe('requests that fit no route', () => {
  it.each<[string, string, string]>([
    ['PATCH', '/tasks', 'GET, POST'],
    ['PATCH', '/tasks/t_01', 'DELETE, GET'],
    ['PUT', '/tasks/t_01/cancel', 'POST'],
    ['POST', '/agents/echo', 'DELETE, GET'],
    ['GET', '/plans', 'POST'],
    ['HEAD', '/tasks', 'GET, POST'],
  ])('%s %s is answered 405 with what is allowed', async (method, path, allow) => {
    const answer = await send(method, `${API_PREFIX}${path}`, {})
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    if (method !== 'HEAD')
      expect(await answer.json()).toMatchObject({
        type: 'urn:orchestrator:MethodNotAllowedError',
        status: 405,
      })
  })

  it('an unknown path gets a 404 that names the nearest path', async () => {
    const answer = await send('GET', `${API_PREFIX}/task`, {})
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { detail: 'there is no /api/v1/task; did you mean /api/v1/tasks? (GET /api/v1 lists all)' },
    ])
  })

  it.each(['/', API_PREFIX])('%s says where everything is, and it is there', async (path) => {
    const answer = await send('GET', path, {})
    const { links } = (await answer.json()) as { links: Record<string, string> }
    expect(Object.keys(links)).toEqual(
      expect.arrayContaining(['self', 'tasks', 'agents', 'openapi', 'health']),
    )
    for (const link of Object.values(links)) expect((await send('GET', link, {})).status).toBe(200)
  })
})
