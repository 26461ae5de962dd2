/** The door for tokens and keys, asked by bytes that no HTTP client would send. */
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METADATA_PATH } from '../../../shared/contracts/resource-metadata.ts'
import { startTokenCloud, type TokenCloud } from '../../support/cloud/token-cloud.ts'

/** The stage allows its pages to ask. */
const PAGE = 'https://app.example.com'
/** As infra makes it of `allowedOrigins`: test/assembly/closed-api.test.ts. */
const CORS = {
  AllowOrigins: [PAGE],
  AllowMethods: ['DELETE', 'GET', 'POST', 'PUT'],
  AllowHeaders: ['authorization', 'content-type', 'idempotency-key'],
  ExposeHeaders: ['allow', 'location', 'retry-after'],
  MaxAge: 3_600,
}

let cloud: TokenCloud
/** What opens as acme, as rival, and to nothing. */
let acme: string
let rival: string
let expired: string
/** A key of the laptop's own tenant that may only read tasks. */
let weak: string
let weakId: string

beforeAll(async () => {
  cloud = await startTokenCloud({}, {}, ({ Resources }) => {
    for (const { Type, Properties } of Object.values(Resources))
      if (Type === 'AWS::ApiGatewayV2::Api') Properties.CorsConfiguration = CORS
  })
  const { issuer } = cloud
  acme = `Bearer ${await issuer.token()}`
  rival = `Bearer ${await issuer.token({ tenant: 'rival' })}`
  expired = `Bearer ${await issuer.token({ exp: Math.floor(Date.now() / 1_000) - 60 })}`
  const made = await cloud.makeKey({ scopes: ['tasks:read'] })
  weak = `Bearer ${made.key}`
  weakId = made.id
}, 120_000)
afterAll(() => cloud.stop())

type Answer = { status: number; text: string }

/** The answers on one connection, in order, until the server or this ends it. */
function raw(text: string, { answers = 1 } = {}): Promise<Answer[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer[]>()
  const socket: Socket = connect(Number(new URL(cloud.apiUrl).port), '127.0.0.1', () =>
    socket.write(text, 'latin1'),
  )
  let received = ''
  const found = () =>
    received
      .split(/(?=HTTP\/1\.1 \d{3} )/)
      .filter((one) => one !== '')
      .map((one) => ({ status: Number(one.slice(9, 12)), text: one }))
  socket.on('data', (data) => {
    received += data.toString('latin1')
    const whole = found().filter(({ text: one }) => {
      const [, length = '0'] = /content-length: (\d+)/i.exec(one) ?? []
      return one.length >= one.indexOf('\r\n\r\n') + 4 + Number(length) && one.includes('\r\n\r\n')
    })
    if (whole.length >= answers) socket.destroy()
  })
  socket.once('close', () => resolve(found()))
  socket.once('error', reject)
  socket.setTimeout(20_000, () => socket.destroy(new Error(`no answer: ${received.slice(0, 500)}`)))
  return promise
}

const statusOf = async (text: string): Promise<number | undefined> => (await raw(text))[0]?.status

/** A request with these lines of header besides the host. */
const request = (line: string, ...headers: string[]): string =>
  [`${line} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n')
const get = (...headers: string[]): string => request('GET /api/v1/tasks', ...headers)

describe('the header of the token', () => {
  it.each<[string, () => string[], number]>([
    ['as it should be', () => [`Authorization: ${acme}`], 200],
    ['in lower case', () => [`authorization: ${acme.replace('Bearer', 'bearer')}`], 200],
    ['in upper case', () => [`AUTHORIZATION: ${acme.replace('Bearer', 'BEARER')}`], 200],
    ['with spaces around it', () => [`Authorization:    ${acme}   `], 200],
    ['twice, the same', () => [`Authorization: ${acme}`, `Authorization: ${acme}`], 401],
    ['twice, the right one first', () => [`Authorization: ${acme}`, `Authorization: ${expired}`], 401],
    ['twice, the right one last', () => [`Authorization: ${expired}`, `authorization: ${acme}`], 401],
    ['twice, of two tenants', () => [`Authorization: ${acme}`, `Authorization: ${rival}`], 401],
    ['with two in one, by a comma', () => [`Authorization: ${acme}, ${rival}`], 401],
    ['with a tab in it', () => [`Authorization: ${acme.replace(' ', '\t')}`], 401],
    ['with something after it', () => [`Authorization: ${acme} x`], 401],
    ['folded over two lines', () => [`Authorization: ${acme.replace(' ', '\r\n ')}`], 400],
    ['with a space before its colon', () => [`Authorization : ${acme}`], 400],
    ['with NUL', () => [`Authorization: ${acme}\0`], 400],
    ['with letters beyond ASCII', () => [`Authorization: ${acme}\u00e9`], 401],
    ['with a scheme beyond ASCII', () => [`Authorization: Be\u00e4rer ${acme.slice(7)}`], 401],
    ['empty', () => ['Authorization:'], 401],
    ['with the scheme only', () => ['Authorization: Bearer'], 401],
    ['without a scheme', () => [`Authorization: ${acme.slice(7)}`], 401],
    ['with another scheme', () => [`Authorization: Basic ${acme.slice(7)}`], 401],
    ['of 9 KB', () => [`Authorization: Bearer ${'a'.repeat(9_000)}`], 401],
    ['of 17 KB', () => [`Authorization: Bearer ${'a'.repeat(17_000)}`], 431],
    ['under the name of a proxy', () => [`Proxy-Authorization: ${acme}`], 401],
    ['in a cookie', () => [`Cookie: authorization=${acme.slice(7)}; Authorization=${acme.slice(7)}`], 401],
    ['as an announcement', () => ['X-Amz-Security-Token: x', `X-Authorization: ${acme}`], 401],
    ['that a hop takes away', () => ['Connection: Authorization', `Authorization: ${acme}`], 200],
  ])('%s', async (_what, headers, status) => {
    expect(await statusOf(get(...headers()))).toBe(status)
  })

  it('does not count in the address, nor after a body', async () => {
    const query = request(
      `GET /api/v1/tasks?authorization=${encodeURIComponent(acme)}&access_token=${acme.slice(7)}`,
    )
    expect(await statusOf(query)).toBe(401)
    const trailer = `${request(
      'POST /api/v1/tasks',
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
      'Trailer: Authorization',
    )}2\r\n{}\r\n0\r\nAuthorization: ${acme}\r\n\r\n`
    expect(await statusOf(trailer)).toBe(401)
  })
})

describe('a refusal', () => {
  it.each<[string, string[], string]>([
    ['is no JSON', ['Content-Type: application/json'], '{'],
    ['is nested deeper than any may be', ['Content-Type: application/json'], '['.repeat(100_000)],
    ['is larger than any may be', ['Content-Type: application/json'], `"${'x'.repeat(3_000_000)}"`],
    ['is of another type', ['Content-Type: text/plain'], 'x'],
    ['has no type', [], 'x'],
    ['is coded in another way', ['Content-Type: application/json', 'Content-Encoding: gzip'], 'x'],
  ])('comes before anything of a body is read that %s', async (_what, headers, body) => {
    const length = `Content-Length: ${body.length}`
    for (const path of ['/api/v1/tasks', '/api/v1/tasks/x/y', '/nothing']) {
      const asked = request(`POST ${path}`, ...headers, length, `Authorization: ${expired}`)
      const [answer] = await raw(asked + body)
      expect([path, answer?.status, answer?.text]).toEqual([
        path,
        401,
        expect.stringContaining('the token has expired'),
      ])
    }
  })
})

describe('what only the gateway says', () => {
  /** Names by which gateways and proxies tell functions who asks. */
  const PRETENDED = [
    'x-amzn-request-context: {"authorizer":{"lambda":{"kind":"oidc","tenant":"acme","scopes":"admin"}}}',
    'x-amz-apigateway-authorizer: {"tenant":"acme"}',
    'requestContext: {"authorizer":{"iam":{"userArn":"local"}}}',
    'requestContext.authorizer.lambda.scopes: admin',
    'x-apigateway-event: {"requestContext":{"authorizer":{"iam":{"userArn":"local"}}}}',
    'x-tenant: acme',
    'x-tenant-id: acme',
    'x-orchestrator-tenant: acme',
    'x-scopes: admin',
    'x-user: ada',
    'x-remote-user: ada',
    'x-forwarded-user: ada',
    'x-forwarded-for: 127.0.0.1',
    'x-real-ip: 127.0.0.1',
    'forwarded: for=127.0.0.1;host=localhost',
    'x-original-url: /.well-known/oauth-protected-resource',
    'x-rewrite-url: /.well-known/oauth-protected-resource',
    'x-amzn-lambda-authorizer: skip',
  ]

  it('is believed of no header', async () => {
    expect(await statusOf(get(...PRETENDED))).toBe(401)
    expect(await statusOf(get(`Authorization: ${expired}`, ...PRETENDED))).toBe(401)
    const [answer] = await raw(request('GET /api/v1/keys', `Authorization: ${weak}`, ...PRETENDED))
    expect([answer?.status, answer?.text]).toEqual([403, expect.stringContaining('keys:write')])
  })

  it('is believed of no body, nor of a path', async () => {
    const context = { authorizer: { lambda: { kind: 'oidc', tenant: 'acme', scopes: 'admin' } } }
    const body = JSON.stringify({ requestContext: context, name: 'x', scopes: ['admin'] })
    const headers = [
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      `Authorization: ${weak}`,
    ]
    expect(await statusOf(request('POST /api/v1/keys', ...headers) + body)).toBe(403)
    expect(
      await statusOf(request('GET /api/v1/keys?scopes=admin&tenant=acme', `Authorization: ${weak}`)),
    ).toBe(403)
  })

  it('is believed of no method but the request’s own', async () => {
    for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X-Original-Method'])
      expect(await statusOf(request(`GET /api/v1/tasks`, `${name}: DELETE`, `Authorization: ${weak}`))).toBe(
        200,
      )
    expect(await statusOf(request(`GET /api/v1/tasks?_method=DELETE`, `Authorization: ${weak}`))).toBe(400)
    expect(
      await statusOf(
        request(`DELETE /api/v1/keys/${weakId}`, 'X-HTTP-Method-Override: GET', `Authorization: ${weak}`),
      ),
    ).toBe(403)
  })

  it('names this door by its own address, whatever was forwarded', async () => {
    const forwarded = [
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-Proto: https',
      'Forwarded: host=evil.example',
    ]
    const [answer] = await raw(request(`GET ${METADATA_PATH}`, ...forwarded))
    expect([answer?.status, answer?.text.includes('evil.example')]).toEqual([200, false])
    const [refused] = await raw(get(`Authorization: ${expired}`, ...forwarded))
    expect([refused?.status, refused?.text.includes('evil.example')]).toEqual([401, false])
    const asked = [`GET ${METADATA_PATH} HTTP/1.1`, 'Host: evil.example', '', ''].join('\r\n')
    expect(await statusOf(asked)).toBe(403)
  })
})

describe('a path', () => {
  const PATHS = [
    '//api/v1/tasks',
    '/api//v1/tasks',
    '/api/v1//tasks',
    '/api/v1/tasks/',
    '/api/v1/tasks//',
    '/api/v1/./tasks',
    '/api/v1/x/../tasks',
    '/api/v1/%2e%2e/v1/tasks',
    '/api/v1/tasks/%2e%2e/keys',
    '/api/v1/tasks%00',
    '/api/v1/tasks%2F',
    '/api/v1/tasks.',
    '/api/v1/tasks%2e',
    '/api/v1/tasks;a=b',
    '/api/v1/tasks%3Flimit=1',
    '/api/v1/tasks%23',
    '/api/v1\\tasks',
    '/API/V1/TASKS',
    '/api/v1/t%61sks',
    '/api/v1/%74asks',
    '/api/v1/tasks/%ff',
    '/.well-known/../api/v1/tasks',
    `${METADATA_PATH}/../../api/v1/tasks`,
    `${METADATA_PATH}/`,
    `${METADATA_PATH}%2f..%2f..%2fapi/v1/tasks`,
    `${METADATA_PATH};/api/v1/tasks`,
    `/api/v1/tasks?x=${METADATA_PATH}`,
    `/api/v1/tasks#${METADATA_PATH}`,
    '*',
    'http://localhost/api/v1/tasks',
    'http://evil.example/api/v1/tasks',
    'http://user:pass@localhost/api/v1/tasks',
    'file:///api/v1/tasks',
    '@localhost/api/v1/tasks',
    '/',
    '',
  ]
  const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'LOCK']

  it.each(PATHS)('%j opens by no method without a token', async (path) => {
    for (const method of METHODS) {
      const [answer] = await raw(request(`${method} ${path}`, 'Connection: close'))
      expect([method, answer?.status]).toEqual([method, expect.toBeOneOf([400, 401, 404])])
      expect(answer?.text).not.toContain('"tasks"')
    }
  })

  it.each(PATHS)('%j answers a tenant with what is his or an error of his', async (path) => {
    for (const method of ['GET', 'DELETE']) {
      const [answer] = await raw(request(`${method} ${path}`, `Authorization: ${rival}`, 'Connection: close'))
      expect([method, answer?.status]).toEqual([method, expect.toBeOneOf([200, 400, 404, 405])])
    }
  })

  it('is asked for a preflight without a token, and tells a page nothing', async () => {
    const preflight = ['Origin: https://evil.example', 'Access-Control-Request-Method: DELETE']
    const [answer] = await raw(request('OPTIONS /api/v1/tasks', ...preflight))
    expect([answer?.status, answer?.text.includes('access-control-allow')]).toEqual([403, false])
    const [read] = await raw(get('Origin: https://evil.example', `Authorization: ${acme}`))
    expect([read?.status, read?.text.includes('access-control-allow')]).toEqual([403, false])
  })
})

describe('a page of an allowed origin', () => {
  const fromPage = (...headers: string[]) => [`Origin: ${PAGE}`, 'Sec-Fetch-Site: cross-site', ...headers]

  it.each(['/api/v1/tasks', '/api/v1/keys', '/nothing', '//', METADATA_PATH])(
    'is told of %s what it may send, without a token, and nothing else',
    async (path) => {
      const asked = fromPage('Access-Control-Request-Method: DELETE', `Authorization: ${expired}`)
      const [answer] = await raw(request(`OPTIONS ${path}`, ...asked))
      expect([answer?.status, answer?.text]).toEqual([
        204,
        expect.stringMatching(/access-control-allow-headers: [^\n]*authorization/),
      ])
      expect(answer?.text.split('\r\n\r\n')[1]).toBe('')
      expect(answer?.text).not.toContain('access-control-allow-credentials')
    },
  )

  it('reads why it is refused, and reads nothing without a token of its own', async () => {
    for (const [headers, status] of [
      [fromPage(), 401],
      [fromPage('Cookie: session=1'), 401],
      [fromPage(`Authorization: ${expired}`), 401],
      [fromPage(`Authorization: ${acme}`), 200],
    ] as const) {
      const [answer] = await raw(get(...headers))
      expect([answer?.status, answer?.text]).toEqual([
        status,
        expect.stringContaining(`access-control-allow-origin: ${PAGE}\r\n`),
      ])
    }
  })

  it.each([
    `${PAGE}.evil.example`,
    'https://evil.example',
    'null',
    PAGE.replace('https', 'http'),
    `${PAGE}:8443`,
    PAGE.toUpperCase(),
    `${PAGE}, https://evil.example`,
    `https://evil.example, ${PAGE}`,
  ])('is not one of %s', async (origin) => {
    for (const text of [
      get(`Origin: ${origin}`, `Authorization: ${acme}`),
      request('OPTIONS /api/v1/tasks', `Origin: ${origin}`, 'Access-Control-Request-Method: GET'),
    ]) {
      const [answer] = await raw(text)
      expect([answer?.status, answer?.text.includes('access-control-allow-origin')]).toEqual([403, false])
    }
    expect(await statusOf(get(`Origin: ${PAGE}`, `Origin: ${origin}`, `Authorization: ${acme}`))).toBe(403)
  })
})

describe('a connection', () => {
  it('has no caller: each request is its own header’s (authorizer/A2)', async () => {
    const told: Record<string, string> = {}
    for (const [tenant, secret] of [
      ['acme', acme],
      ['rival', rival],
    ] as const) {
      const body = JSON.stringify({ name: 'waits', steps: { nap: { wait: { seconds: 600 } } } })
      const submitted = await fetch(`${cloud.apiUrl}/api/v1/tasks`, {
        method: 'POST',
        headers: { authorization: secret, 'content-type': 'application/json' },
        body: `{"workflow":${body}}`,
      })
      told[tenant] = ((await submitted.json()) as { taskId: string }).taskId
    }
    const rounds = 10
    const one =
      get(`Authorization: ${acme}`) +
      get(`Authorization: ${rival}`) +
      get() +
      get(`Authorization: ${expired}`)
    const answers = await raw(one.repeat(rounds), { answers: 4 * rounds })
    expect(answers.map(({ status }) => status)).toEqual(Array(rounds).fill([200, 200, 401, 401]).flat())
    for (const [at, { text }] of answers.entries()) {
      expect(text.includes(told.acme ?? '-')).toBe(at % 4 === 0)
      expect(text.includes(told.rival ?? '-')).toBe(at % 4 === 1)
    }
  })

  it('whose body never comes holds up nobody else', async () => {
    const head = request('POST /api/v1/tasks', 'Content-Type: application/json', 'Content-Length: 1000')
    const sockets = Array.from({ length: 50 }, () => {
      const socket = connect(Number(new URL(cloud.apiUrl).port), '127.0.0.1', () => socket.write(`${head}{`))
      return socket.on('error', () => undefined)
    })
    try {
      expect(await statusOf(get(`Authorization: ${acme}`))).toBe(200)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
    expect(await statusOf(get(`Authorization: ${acme}`))).toBe(200)
  })

  it.each<[string, string[], number]>([
    ['an old protocol without a host', ['GET /api/v1/tasks HTTP/1.0'], 403],
    ['an old protocol', ['GET /api/v1/tasks HTTP/1.0', 'Host: localhost'], 401],
    ['two hosts', ['GET /api/v1/tasks HTTP/1.1', 'Host: localhost', 'Host: evil.example'], 403],
    ['another host', ['GET /api/v1/tasks HTTP/1.1', 'Host: evil.example'], 403],
    [
      'an upgrade',
      ['GET /api/v1/tasks HTTP/1.1', 'Host: localhost', 'Connection: Upgrade', 'Upgrade: h2c'],
      401,
    ],
    [
      'what waits to go on',
      ['POST /api/v1/tasks HTTP/1.1', 'Host: localhost', 'Expect: 100-continue', 'Content-Length: 0'],
      100,
    ],
  ])('by %s opens nothing', async (_what, lines, status) => {
    const answers = await raw([...lines, '', ''].join('\r\n'), { answers: status === 100 ? 2 : 1 })
    expect(answers[0]?.status).toBe(status)
    if (status === 100) expect(answers[1]?.status).toBe(401)
  })
})
