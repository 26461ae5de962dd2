import { type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { API_PREFIX } from '../../../shared/contracts/route.ts'
import { ROUTES } from '../../../shared/contracts/routes.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

let api: LocalApi
let taskId: string

beforeAll(async () => {
  api = await startApi()
  taskId = String((await api.run('simple', { message: 'mine' })).taskId)
})
afterAll(() => api.stop())

type Sent = { method: string; path: string; headers?: Record<string, string>; body?: string }
type Got = { status: number; headers: IncomingMessage['headers']; text: string }

/** Sends a request as a browser does: fetch does not let a test set Host, Origin or Sec-Fetch-Site. */
function send(to: string, { method, path, headers = {}, body }: Sent): Promise<Got> {
  const { port, host } = new URL(to)
  const { promise, resolve, reject } = Promise.withResolvers<Got>()
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const sent = request(
    { host: '127.0.0.1', port, method, path, headers: { host, ...length, ...headers } },
    (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
    },
  )
  sent.on('error', reject)
  sent.end(body)
  return promise
}

const WAYS = Object.values(ROUTES).map(({ id, method, path }) => ({ id, method, path }))
const pathOf = (path: string): string =>
  API_PREFIX + path.replace('{id}', taskId).replace('{stepId}', 'echo').replace('{name}', 'simple')

/** Headers that a browser sends for a foreign page. */
const HOSTILE: [string, (own: URL) => Record<string, string>][] = [
  ['a form of another site', () => ({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })],
  ['a browser without Sec-Fetch-Site', () => ({ origin: 'http://evil.example' })],
  ['a link, image or script of another site', () => ({ 'sec-fetch-site': 'cross-site' })],
  [
    'another port of this machine',
    () => ({ origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }),
  ],
  ['a link on another port of this machine', () => ({ 'sec-fetch-site': 'same-site' })],
  ['a sandboxed frame', () => ({ origin: 'null' })],
  ['a name that resolves to this machine', ({ port }) => ({ host: `evil.example:${port}` })],
  [
    'such a name, to which it is its own page',
    ({ port }) => ({
      host: `evil.example:${port}`,
      origin: `http://evil.example:${port}`,
      'sec-fetch-site': 'same-origin',
    }),
  ],
  ['all addresses', ({ port }) => ({ host: `0.0.0.0:${port}`, origin: `http://0.0.0.0:${port}` })],
  ['our name by another scheme', ({ host }) => ({ origin: `https://${host}` })],
  ["a proxy's word for us", () => ({ origin: 'https://evil.example', 'x-forwarded-host': 'localhost' })],
]
/** Bodies that a page may send without a CORS preflight. */
const SIMPLE: Record<string, Partial<Sent>> = {
  'no body': {},
  'a body that says it is text': { headers: { 'content-type': 'text/plain' }, body: '{"all":true}' },
  'a body that says it is JSON': { headers: { 'content-type': 'application/json' }, body: '{"all":true}' },
}

describe.each(HOSTILE)('%s', (_name, headersOf) => {
  it('gets no data from any route of the API, and changes nothing', async () => {
    const own = new URL(api.apiUrl)
    const before = await stateOf()
    for (const { method, path } of [
      ...WAYS,
      { method: 'OPTIONS', path: '/tasks' },
      { method: 'HEAD', path: '/tasks' },
    ]) {
      for (const [kind, sent] of Object.entries(SIMPLE)) {
        const headers = { ...sent.headers, ...headersOf(own) }
        const {
          status,
          text,
          headers: answered,
        } = await send(api.apiUrl, { ...sent, method, path: pathOf(path), headers })
        expect([kind, method, path, status]).toEqual([kind, method, path, 403])
        if (method !== 'HEAD')
          expect(JSON.parse(text)).toEqual({ message: expect.stringMatching(/^Forbidden: /) })
        expect(Object.keys(answered).filter((name) => name.startsWith('access-control'))).toEqual([])
      }
    }
    expect(await stateOf()).toEqual(before)
  })

  it('gets no data from the AWS endpoint', async () => {
    const own = new URL(api.awsUrl)
    for (const sent of AWS_CALLS) {
      const { status, text } = await send(api.awsUrl, {
        ...sent,
        headers: { ...sent.headers, ...headersOf(own) },
      })
      expect([sent.path, sent.headers?.['x-amz-target'], status]).toEqual([
        sent.path,
        sent.headers?.['x-amz-target'],
        403,
      ])
      expect(text).toContain('AccessDeniedException')
    }
  })
})

const AWS_CALLS: Sent[] = [
  { method: 'GET', path: '/' },
  { method: 'GET', path: '/any-bucket?list-type=2' },
  { method: 'PUT', path: '/any-bucket/key', body: 'x' },
  {
    method: 'POST',
    path: '/any-bucket',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    body: '--x--',
  },
  { method: 'DELETE', path: '/any-bucket/key' },
  { method: 'POST', path: '/2015-03-31/functions/orchestrator-api/invocations', body: '{}' },
  { method: 'PUT', path: '/_cloudformation/any', body: '{"Status":"FAILED"}' },
  { method: 'POST', path: '/', headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' }, body: '{}' },
  {
    method: 'POST',
    path: '/',
    headers: { 'x-amz-target': 'AWSStepFunctions.ListStateMachines' },
    body: '{}',
  },
  { method: 'POST', path: '/', headers: { 'x-amz-target': 'AWSEvents.PutEvents' }, body: '{"Entries":[]}' },
]

describe('callers that are accepted', () => {
  const FRIENDLY: [string, (own: URL) => Record<string, string>][] = [
    ['curl', () => ({ 'user-agent': 'curl/8.5.0', accept: '*/*' })],
    ['curl by address', ({ port }) => ({ host: `127.0.0.1:${port}` })],
    ['curl by IPv6 address', ({ port }) => ({ host: `[::1]:${port}` })],
    ['somebody who types the address', () => ({ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' })],
    ['its own page', ({ origin }) => ({ origin, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' })],
  ]
  it.each(FRIENDLY)('%s reads and submits', async (_name, headersOf) => {
    const headers = { ...headersOf(new URL(api.apiUrl)), 'content-type': 'application/json' }
    const read = await send(api.apiUrl, { method: 'GET', path: `${API_PREFIX}/tasks/${taskId}`, headers })
    expect([read.status, JSON.parse(read.text)]).toMatchObject([200, { taskId }])
    expect(read.headers).toMatchObject({ 'cross-origin-resource-policy': 'same-origin' })
    const body = JSON.stringify({ type: 'simple', input: {} })
    const submitted = await send(api.apiUrl, { method: 'POST', path: `${API_PREFIX}/tasks`, headers, body })
    expect(submitted.status).toBe(202)
  })

  it('a program may call the AWS endpoint', async () => {
    const sent = {
      method: 'POST',
      path: '/',
      headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' },
      body: '{}',
    }
    expect((await send(api.awsUrl, sent)).status).toBe(200)
  })

  it('a body-less fork from curl still forks', async () => {
    const path = `${API_PREFIX}/tasks/${taskId}/fork`
    expect((await send(api.apiUrl, { method: 'POST', path })).status).toBe(202)
  })
})

/** All state that a refused request could have changed. */
async function stateOf(): Promise<unknown> {
  const bodyOf = async (path: string) => (await api.call('GET', path)).body
  const { agents } = await api.ask('listAgents')
  return {
    tasks: await bodyOf('/tasks?limit=100'),
    agents: agents.map(({ id, status }) => [id, status]),
    workflows: await bodyOf('/workflows'),
  }
}
