import { connect } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { API_PREFIX } from '../../../shared/contracts/route.ts'
import { ROUTES } from '../../../shared/contracts/routes.ts'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'

let api: SharedApi
let taskId: string

beforeAll(async () => {
  api = await sharedApi()
  taskId = String((await api.run('simple', { message: 'mine' })).taskId)
})

const MOST_ANSWER_BYTES = 20_000
const JSON_TYPE = { 'content-type': 'application/json' }

/** Checks that the answer is never 5xx, never long, and always JSON. */
async function answerTo(method: string, path: string, init: RequestInit = {}) {
  const response = await fetch(`${api.apiUrl}${API_PREFIX}${path}`, { method, ...init })
  const text = await response.text()
  return { status: response.status, text, body: JSON.parse(text) as Record<string, unknown> }
}

async function expectRefused(method: string, path: string, init: RequestInit, statuses: readonly number[]) {
  const { status, text } = await answerTo(method, path, init)
  expect([status, text.slice(0, 300)]).toEqual([expect.toBeOneOf([...statuses]), expect.any(String)])
  expect(text.length).toBeLessThan(MOST_ANSWER_BYTES)
}

const simple = (more: object) => ({ type: 'simple', input: {}, ...more })
const HALF = '\ud83d'
const agentWith = (more: object) => ({
  id: 'mine',
  version: '1.0.0',
  description: '',
  capabilities: [{ name: 'x.y', description: '', inputSchema: {}, outputSchema: {} }],
  functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orchestrator-agent-mine',
  ...more,
})
const own = (steps: unknown) => ({ workflow: { name: 'own', steps }, input: {} })

describe('bodies', () => {
  it.each<[string, string, string, unknown]>([
    ['a budget below every number', 'POST', '/tasks', simple({ budgetUsd: 1e-300 })],
    ['a budget above every number', 'POST', '/tasks', simple({ budgetUsd: 1e300 })],
    ['a budget that is not there', 'POST', '/tasks', simple({ budgetUsd: -0.1 })],
    ['half a token', 'POST', '/tasks', simple({ budgetTokens: 0.5 })],
    ['a priority of -1', 'POST', '/tasks', simple({ priority: -1 })],
    ['a deadline for ever', 'POST', '/tasks', simple({ deadlineSeconds: 1e308 })],
    ['a deadline of a year that is none', 'POST', '/tasks', simple({ deadline: '+999999-01-01T00:00:00Z' })],
    ['a file with half a surrogate', 'POST', '/tasks', simple({ input: { $file: `files/a/${HALF}` } })],
    ['a message with half a surrogate', 'POST', '/tasks', simple({ input: { message: HALF } })],
    ['a name with half a surrogate', 'POST', '/tasks', simple({ input: { [HALF]: 1 } })],
    ['metadata with half a surrogate', 'POST', '/tasks', simple({ metadata: { a: HALF } })],
    [
      '51 entries of metadata',
      'POST',
      '/tasks',
      simple({ metadata: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [i, ''])) }),
    ],
    ['a file out of its folder', 'POST', '/tasks', simple({ input: { $file: 'files/a/../../tasks/x' } })],
    [
      'a file with a longer name than S3 has',
      'POST',
      '/tasks',
      simple({ input: { $file: `files/a/${'ก'.repeat(342)}` } }),
    ],
    ['both a type and a workflow', 'POST', '/tasks', simple({ workflow: 'simple' })],
    ['neither', 'POST', '/tasks', { input: {} }],
    ['a list', 'POST', '/tasks', []],
    ['a text', 'POST', '/tasks', '"text"'],
    ['null', 'POST', '/tasks', 'null'],
    ['what is no JSON', 'POST', '/tasks', '{'],
    ['a number that JSON has not', 'POST', '/tasks', '{"type":"simple","input":{"n":1e999}}'],
    ['a prototype', 'POST', '/tasks', '{"type":"simple","input":{"__proto__":{"a":1}}}'],
    [
      'a body of 200,000 levels',
      'POST',
      '/tasks',
      `{"type":"simple","input":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
    ],
    [
      'a body of 101 levels',
      'POST',
      '/tasks',
      `{"type":"simple","input":${'['.repeat(101)}${']'.repeat(101)}}`,
    ],
    [
      '20,000 unknown members',
      'POST',
      '/tasks',
      Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`member${i}`, i])),
    ],
    ['a member of the path in the body', 'POST', '/tasks/t_00000000000000000000000000/cancel', { id: 'x' }],
    ['a workflow of 400,000 letters', 'POST', '/tasks', { workflow: 'x'.repeat(400_000) }],
    ['a workflow without steps', 'POST', '/plans', own({})],
    ['a step that is null', 'POST', '/plans', own({ a: null })],
    ['a step with half a surrogate', 'POST', '/plans', own({ a: { capability: HALF } })],
    ['a file path with half a surrogate', 'POST', '/files', { files: [{ path: HALF }] }],
    ['a file path upwards', 'POST', '/files', { files: [{ path: '../x' }] }],
    ['a file path with NUL', 'POST', '/files', { files: [{ path: 'a\0b' }] }],
    ['no files', 'POST', '/files', { files: [] }],
    ['a folder out of ours', 'POST', '/files', { folder: '../tasks', files: [{ path: 'a' }] }],
    [
      'an agent with a price below every number',
      'POST',
      '/agents',
      agentWith({ price: { mostUsd: 5e-324 } }),
    ],
    ['an agent with a price above every number', 'POST', '/agents', agentWith({ price: { mostUsd: 1e308 } })],
    ['an agent as quick as nothing', 'POST', '/agents', agentWith({ typicalSeconds: 5e-324 })],
    ['an agent without capabilities', 'POST', '/agents', agentWith({ capabilities: [] })],
    ['an agent of a million tenants', 'POST', '/agents', agentWith({ tenants: Array(30_000).fill('t') })],
    [
      'an agent with a schema of a megabyte',
      'POST',
      '/agents',
      agentWith({
        capabilities: [
          { name: 'x.y', description: '', inputSchema: { d: 'x'.repeat(1_000_000) }, outputSchema: {} },
        ],
      }),
    ],
    ['everything cancelled, not said aloud', 'POST', '/tasks/cancel', {}],
    ['a workflow under another name', 'PUT', '/workflows/other', own({ a: { capability: 'echo' } })],
  ])('%s', async (_name, method, path, body) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    await expectRefused(method, path, { headers: JSON_TYPE, body: text }, [400, 404, 413, 422])
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    '',
  ])('a body that says it is %j', async (type) => {
    const init = { headers: { 'content-type': type }, body: new Blob([JSON.stringify(simple({}))]) }
    await expectRefused('POST', '/tasks', init, [415])
  })

  it.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON'])(
    'and takes one that says it is %j',
    async (type) => {
      const init = { headers: { 'content-type': type }, body: JSON.stringify(simple({})) }
      expect((await answerTo('POST', '/tasks', init)).status).toBe(202)
    },
  )

  it('a body of 3 MB, and one of 11 MB', async () => {
    for (const megabytes of [3, 11]) {
      const body = JSON.stringify(simple({ input: { message: 'x'.repeat(megabytes * 1e6) } }))
      await expectRefused('POST', '/tasks', { headers: JSON_TYPE, body }, [413])
    }
  })

  it('accepts unusual numbers and characters as data', async () => {
    const input = {
      tiny: 5e-324,
      large: 1.7e308,
      big: 2 ** 60,
      nul: '\0',
      astral: '\u{1F600}',
      constructor: 1,
      '': {},
    }
    const { status, body } = await answerTo('POST', '/tasks', {
      headers: JSON_TYPE,
      body: JSON.stringify(simple({ input })),
    })
    expect(status).toBe(202)
    await api.ended(String(body.taskId))
    expect(await api.resultOf(String(body.taskId))).toEqual(input)
  })
})

describe('addresses', () => {
  const ids = [
    '',
    '%00',
    '%20',
    '%F0%9F%98%80',
    '%E0%B8%81'.repeat(60),
    '../..',
    '%2e%2e',
    '%2F',
    'a%2Fb',
    "'",
    '"',
    '{id}',
    't_%00',
    'x'.repeat(4_000),
    'constructor',
    '__proto__',
    't_00000000000000000000000000',
  ]
  it.each(Object.values(ROUTES).filter(({ path }) => path.includes('{')))(
    '$id with ids that are none',
    async ({ id: route, method, path }) => {
      for (const id of ids) {
        const filled = path.replace('{id}', id).replace('{name}', id).replace('{stepId}', id)
        // A client resolves dots before it sends them: these ask for the root, and for the list of uploads, which are there.
        const resolved = new URL(`http://any${API_PREFIX}${filled}`).pathname
        if (['/', `${API_PREFIX}/files`].includes(resolved)) continue
        // Any name is that of a tenant, which has nothing.
        if (route === 'getTenant' && id === 'constructor') continue
        const body = method === 'POST' || method === 'PUT' ? { headers: JSON_TYPE, body: '{}' } : {}
        await expectRefused(method, filled, body, [400, 404, 405, 409, 422])
        if (!path.includes('{stepId}')) continue
        const ofTask = path.replace('{id}', taskId).replace('{stepId}', id)
        // Its dots may name another route, too.
        if (new URL(`http://any${API_PREFIX}${ofTask}`).pathname !== `${API_PREFIX}${ofTask}`) continue
        await expectRefused(method, ofTask, body, [400, 404, 409])
      }
    },
  )

  it.each([
    '/tasks?limit=0',
    '/tasks?metadata=team',
    '/tasks?metadata=%5C',
    '/tasks?children=1',
    '/tasks?version=0',
    '/tasks?id=x',
    '/tasks?parent=t_1',
    '/tasks?from=today',
    '/tasks?limit=101',
    '/tasks?limit=',
    '/tasks?limit=1e1',
    '/tasks?limit=0x10',
    '/tasks?limit=%2010',
    '/tasks?limit=1.0',
    '/tasks?limit=NaN',
    '/tasks?limit=1&limit=2',
    '/tasks?status=running&status=failed',
    '/tasks?status=',
    '/tasks?status=RUNNING',
    '/tasks?cursor=x',
    '/tasks?cursor=%00',
    '/tasks?unknown=1',
    '/tasks?__proto__=1',
    '/agents?capability=a&capability=b&x=1',
    `/agents?capability=${'x'.repeat(65)}`,
  ])('%s', async (path) => expectRefused('GET', path, {}, [400]))

  it.each(['/tasks/%', '/tasks/%ZZ', '/tasks/%C3%28', '/tasks/%ED%A0%80'])('%s is no UTF-8', async (path) =>
    expectRefused('GET', path, {}, [400]),
  )

  it.each([
    ['DELETE', 405],
    ['PATCH', 405],
    ['PUT', 405],
    ['HEAD', 405],
    // API Gateway's own answer: no route takes OPTIONS, so that it answers preflight requests itself.
    ['OPTIONS', 404],
  ])('a method that no route has: %s', async (method, status) => {
    const response = await fetch(`${api.apiUrl}${API_PREFIX}/tasks`, { method })
    expect(response.status).toBe(status)
  })
})

describe('headers', () => {
  it.each<[string, string]>([
    ['idempotency-key', ''],
    ['idempotency-key', 'x'.repeat(129)],
  ])('%s: %j', async (name, value) => {
    const init = { headers: { ...JSON_TYPE, [name]: value }, body: JSON.stringify(simple({})) }
    await expectRefused('POST', '/tasks', init, [400])
  })

  it('20 KB of them', async () => {
    const { status } = await raw(
      `GET ${API_PREFIX}/tasks HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
    )
    expect(status).toBe(431)
  })

  it.each([
    ['no host', `GET ${API_PREFIX}/health HTTP/1.1\r\n\r\n`, [400]],
    ['no host, of an old protocol', `GET ${API_PREFIX}/health HTTP/1.0\r\n\r\n`, [403]],
    [
      'a whole address as its path',
      `GET http://evil.example${API_PREFIX}/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      [400, 404],
    ],
    ['an address of letters', 'GET \u00ff HTTP/1.1\r\nHost: localhost\r\n\r\n', [400]],
    [
      'two lengths',
      `POST ${API_PREFIX}/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}`,
      [400],
    ],
    [
      'a length and chunks',
      `POST ${API_PREFIX}/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      [400],
    ],
    ['what is no HTTP', '\x16\x03\x01\x02\x00\r\n\r\n', [400]],
  ])('%s', async (_name, text, statuses) => {
    expect((await raw(text)).status).toBeOneOf(statuses as number[])
    expect((await answerTo('GET', '/health')).status).toBe(200)
  })
})

/** Sends raw text that no HTTP client would produce. */
function raw(text: string): Promise<{ status: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number }>()
  const socket = connect(Number(new URL(api.apiUrl).port), '127.0.0.1', () => socket.write(text, 'latin1'))
  socket.once('data', (data) => {
    socket.destroy()
    resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(data.toString('latin1'))?.[1]) })
  })
  socket.once('error', reject)
  return promise
}
