import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  callHost,
  type OutboundRequest,
  type Surroundings,
} from '../../../functions/agents/_support/outbound/call-host.ts'
import type { Address } from '../../../functions/agents/_support/outbound/exchange.ts'
import { checkHeaders } from '../../../functions/agents/_support/outbound/outbound-headers.ts'
import {
  isCallablePrivately,
  isPublicAddress,
} from '../../../functions/agents/_support/outbound/public-address.ts'
import { AllowedHostSchema, isAllowedHost } from '../../../shared/domain/allowed-host.ts'

const here: Address = { address: '127.0.0.1', family: 4 }
const hereIsPublic = (address: string): boolean => address === '127.0.0.1' || isPublicAddress(address)

/** A server on this machine, which the names of the test resolve to. */
async function serve(listener: RequestListener): Promise<{ port: number; asked: string[]; server: Server }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, asked, server }
}

const around = (port: number, more: Partial<Surroundings> = {}): Surroundings => ({
  allowedHosts: [`http://api.example.com:${port}`, `http://other.example.com:${port}`],
  resolve: async () => [here],
  isPublic: hereIsPublic,
  ...more,
})

const call = (
  request: Partial<OutboundRequest> & { url: string },
  where: Surroundings,
  signal = new AbortController().signal,
) =>
  callHost(
    { method: 'GET', timeoutSeconds: 5, mostBytes: 1_000, mostRedirects: 3, ...request },
    where,
    signal,
  )

const everything: Surroundings = {
  allowedHosts: ['api.example.com', '*.example.org', 'api.example.com:8443', 'http://plain.example.com'],
  resolve: async () => [{ address: '93.184.215.14', family: 4 }],
}

/** Addresses by which requests are led astray. */
const REFUSED: [what: string, url: string, name: string][] = [
  ['loopback', 'https://127.0.0.1/', 'InvalidInputError'],
  ['metadata', 'http://169.254.169.254/latest/meta-data/', 'InvalidInputError'],
  ['credentials of a container', 'http://169.254.170.2/v2/credentials', 'InvalidInputError'],
  ['a decimal address', 'http://2130706433/', 'InvalidInputError'],
  ['a decimal metadata address', 'https://2852039166/', 'InvalidInputError'],
  ['an octal address', 'http://0177.0.0.1/', 'InvalidInputError'],
  ['a hexadecimal address', 'http://0x7f000001/', 'InvalidInputError'],
  ['a hexadecimal part', 'http://0x7f.1/', 'InvalidInputError'],
  ['a short address', 'http://127.1/', 'InvalidInputError'],
  ['zero', 'http://0/', 'InvalidInputError'],
  ['full-width digits', 'http://１２７.０.０.１/', 'InvalidInputError'],
  ['enclosed digits', 'http://①②⑦.⓪.⓪.①/', 'InvalidInputError'],
  ['IPv6 loopback', 'http://[::1]/', 'InvalidInputError'],
  ['IPv4 in IPv6', 'http://[::ffff:169.254.169.254]/', 'InvalidInputError'],
  ['metadata by IPv6', 'http://[fd00:ec2::254]/', 'InvalidInputError'],
  ['a public address', 'https://93.184.215.14/', 'InvalidInputError'],
  ['a user before the host', 'https://api.example.com@evil.example.net/', 'InvalidInputError'],
  ['a user of the host', 'https://user:key@api.example.com/', 'InvalidInputError'],
  ['a trailing dot', 'https://api.example.com./', 'InvalidInputError'],
  ['a file', 'file:///etc/passwd', 'InvalidInputError'],
  ['gopher', 'gopher://api.example.com/_x', 'InvalidInputError'],
  ['data', 'data:text/plain,hello', 'InvalidInputError'],
  ['no address', 'api.example.com/path', 'InvalidInputError'],
  ['an endless address', `https://api.example.com/${'a'.repeat(4_000)}`, 'InvalidInputError'],
  ['localhost', 'http://localhost/', 'AgentFinalError'],
  ['another host', 'https://evil.example.net/', 'AgentFinalError'],
  ['a host that begins alike', 'https://api.example.com.evil.net/', 'AgentFinalError'],
  ['a host that ends alike', 'https://evilapi.example.com/', 'AgentFinalError'],
  ['what a wildcard names', 'https://example.org/', 'AgentFinalError'],
  ['a host that ends like a wildcard', 'https://evilexample.org/', 'AgentFinalError'],
  ['a backslash before another host', 'https://evil.example.net\\@api.example.com/', 'AgentFinalError'],
  ['an odd port', 'https://api.example.com:22/', 'AgentFinalError'],
  ['another scheme', 'http://api.example.com/', 'AgentFinalError'],
  ['an encrypted plain host', 'https://plain.example.com/', 'AgentFinalError'],
  ['a host with a fragment before it', 'https://evil.example.net#@api.example.com/', 'AgentFinalError'],
  ['metadata by name', 'http://metadata.google.internal/', 'AgentFinalError'],
]

describe('an address that an agent is given', () => {
  it.each(REFUSED)('is refused: %s (outbound/O1)', async (_what, url, name) => {
    const resolve = (): never => {
      throw new Error('nothing may be resolved')
    }
    await expect(call({ url }, { ...everything, resolve })).rejects.toMatchObject({ name })
  })

  it.each([
    ['https://api.example.com/'],
    ['https://API.Example.COM/'],
    ['https://api.example.com:443/'],
    ['https://api.example.com:8443/'],
    ['https://a.example.org/'],
    ['https://a.b.example.org/'],
    ['http://plain.example.com/'],
    ['http://plain.example.com:80/'],
  ])('is allowed: %s', (url) => {
    expect(isAllowedHost(new URL(url), everything.allowedHosts)).toBe(true)
  })

  it.each([
    '*',
    '*.com',
    'localhost',
    'api.example.com/',
    'https://api.example.com/x',
    'API.example.com',
    '10.0.0.1.',
    'a b.com',
    'ftp://a.example.com',
    'a.example.com:0',
    'a.example.com:65536',
    'a..example.com',
    '',
  ])('cannot be allowed as %j', (text) => {
    expect(AllowedHostSchema.safeParse(text).success).toBe(false)
  })

  it('is told which setting to make where a stage allows no host', async () => {
    await expect(call({ url: 'https://api.example.com/' }, { allowedHosts: [] })).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(/allowedHosts/),
    })
  })
})

describe('the public internet', () => {
  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '169.254.170.2',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::1',
    '100::1',
    '2001:db8::1',
    '2001::1',
    '2002:7f00:1::1',
    '3fff::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    'not an address',
    '',
    '2130706433',
    '1.1',
    '010.0.0.1',
    '168.63.129.16',
    '::ffff:168.63.129.16',
    '2001:0:53aa:64c::7f00:1',
  ])('does not have %s (outbound/O2)', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  it.each([
    '1.1.1.1',
    '93.184.215.14',
    '::ffff:93.184.215.14',
    '2606:4700:4700::1111',
    '2a00:1450:4001::200e',
  ])('has %s', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })
})

describe('a name that is allowed', () => {
  it.each([
    ['a private address', ['10.0.0.7']],
    ['the metadata service', ['169.254.169.254']],
    ['IPv4 in IPv6', ['::ffff:10.0.0.7']],
    ['a public address and a private one', ['93.184.215.14', '192.168.0.1']],
    ['nothing', []],
  ])('is not called where it resolves to %s (outbound/O2)', async (_what, addresses) => {
    const resolve = async () =>
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    await expect(call({ url: 'https://api.example.com/' }, { ...everything, resolve })).rejects.toMatchObject(
      { name: 'AgentFinalError' },
    )
  })

  it('is called at the address that was checked, even where it resolves to another one at once after (outbound/O3)', async () => {
    const { port, asked } = await serve((_request, response) => response.end('public'))
    const resolved: string[] = []
    const answers = ['127.0.0.1', '10.0.0.7']
    const resolve = async (hostname: string): Promise<Address[]> => {
      resolved.push(hostname)
      return [{ address: answers[resolved.length - 1] ?? '10.0.0.7', family: 4 }]
    }
    const answer = await call({ url: `http://api.example.com:${port}/` }, around(port, { resolve }))
    expect(answer.body.toString()).toBe('public')
    expect({ resolved, asked }).toEqual({ resolved: ['api.example.com'], asked: ['GET /'] })
    // The next call asks again, and is refused.
    await expect(
      call({ url: `http://api.example.com:${port}/` }, around(port, { resolve })),
    ).rejects.toMatchObject({ name: 'AgentFinalError' })
    expect(asked).toHaveLength(1)
  })
})

describe('a redirect', () => {
  const redirecting =
    (location: string, status = 302): RequestListener =>
    (request, response) => {
      if (request.url === '/') response.writeHead(status, { location }).end()
      else response.end(JSON.stringify({ method: request.method, headers: request.headers }))
    }

  it.each([
    ['http://169.254.169.254/latest/meta-data/', 'InvalidInputError'],
    ['http://[::1]/', 'InvalidInputError'],
    ['http://localhost:1/', 'AgentFinalError'],
    ['//evil.example.net/', 'AgentFinalError'],
    ['file:///etc/passwd', 'InvalidInputError'],
    ['http://user@api.example.com/', 'InvalidInputError'],
  ])('to %s is not followed (outbound/O1)', async (location, name) => {
    const { port, asked } = await serve(redirecting(location))
    await expect(call({ url: `http://api.example.com:${port}/` }, around(port))).rejects.toMatchObject({
      name,
    })
    expect(asked).toEqual(['GET /'])
  })

  it('to a name that resolves to a private address is not followed (outbound/O2)', async () => {
    const { port, asked } = await serve((request, response) =>
      response.writeHead(302, { location: `http://other.example.com:${port}${request.url}x` }).end(),
    )
    const resolve = async (hostname: string): Promise<Address[]> =>
      hostname.startsWith('other') ? [{ address: '169.254.169.254', family: 4 }] : [here]
    await expect(
      call({ url: `http://api.example.com:${port}/` }, around(port, { resolve })),
    ).rejects.toMatchObject({
      name: 'AgentFinalError',
      message: expect.stringMatching(/169\.254\.169\.254/),
    })
    expect(asked).toHaveLength(1)
  })

  it('within a host keeps the keys, and to another host takes none along (outbound/O5)', async () => {
    const headers = { Authorization: 'Bearer key', 'x-api-key': 'key', accept: 'text/plain' }
    const { port } = await serve(redirecting('/next'))
    const same = await call({ url: `http://api.example.com:${port}/`, headers }, around(port))
    expect(JSON.parse(same.body.toString())).toMatchObject({
      headers: { authorization: 'Bearer key', 'x-api-key': 'key' },
    })
    const second = await serve((request, response) =>
      request.headers.host?.startsWith('other')
        ? response.end(JSON.stringify(request.headers))
        : response.writeHead(302, { location: `http://other.example.com:${second.port}/` }).end(),
    )
    const other = await call({ url: `http://api.example.com:${second.port}/`, headers }, around(second.port))
    const seen = JSON.parse(other.body.toString()) as Record<string, string>
    expect(seen).toMatchObject({ accept: 'text/plain' })
    expect(Object.keys(seen)).not.toContain('authorization')
    expect(Object.keys(seen)).not.toContain('x-api-key')
  })

  it.each([
    [307, 'POST'],
    [308, 'POST'],
    [302, 'PUT'],
    [301, 'PATCH'],
    [307, 'DELETE'],
  ])(
    'to another host with %i does not take a %s along, nor its body (outbound/O5)',
    async (status, method) => {
      const { port, asked } = await serve((request, response) =>
        response.writeHead(status, { location: `http://other.example.com:${port}${request.url}next` }).end(),
      )
      const url = `http://api.example.com:${port}/`
      await expect(call({ url, method, body: 'secret' }, around(port))).rejects.toMatchObject({
        name: 'AgentFinalError',
        message: expect.stringMatching(/redirects a \w+ \(30\d\) to http:\/\/other\.example\.com/),
      })
      expect(asked).toEqual([`${method} /`])
    },
  )

  it.each([
    [301, 'GET'],
    [302, 'GET'],
    [303, 'GET'],
    [307, 'POST'],
    [308, 'POST'],
  ])('after a POST with %i sends a %s', async (status, method) => {
    const { port } = await serve(redirecting('/next', status))
    const answer = await call(
      { url: `http://api.example.com:${port}/`, method: 'POST', body: 'x' },
      around(port),
    )
    expect(JSON.parse(answer.body.toString())).toMatchObject({ method })
  })

  it('that leads on and on ends (outbound/O4)', async () => {
    const { port, asked } = await serve((request, response) =>
      response.writeHead(302, { location: `${request.url}a` }).end(),
    )
    await expect(call({ url: `http://api.example.com:${port}/` }, around(port))).rejects.toMatchObject({
      name: 'AgentFinalError',
      message: expect.stringMatching(/at most 3 redirects/),
    })
    expect(asked).toHaveLength(4)
  })
})

describe('an answer', () => {
  it.each([
    ['as it is', 'identity', Buffer.alloc(5_000_000, 'a')],
    ['packed by gzip', 'gzip', gzipSync(Buffer.alloc(50_000_000, 'a'))],
    ['packed by brotli', 'br', brotliCompressSync(Buffer.alloc(5_000_000, 'a'))],
  ])('that is too long, %s, is cut (outbound/O4)', async (_what, encoding, body) => {
    const { port } = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body),
    )
    const answer = await call({ url: `http://api.example.com:${port}/` }, around(port))
    expect({ bytes: answer.body.length, truncated: answer.truncated }).toEqual({
      bytes: 1_000,
      truncated: true,
    })
    expect(answer.body.toString()).toBe('a'.repeat(1_000))
  })

  it('that is exactly as long as it may be is whole', async () => {
    const { port } = await serve((_request, response) => response.end('a'.repeat(1_000)))
    expect(await call({ url: `http://api.example.com:${port}/` }, around(port))).toMatchObject({
      truncated: false,
      status: 200,
    })
  })

  it.each([
    ['begins', (_request: unknown, _response: unknown) => {}],
    [
      'ends',
      ((_request, response) => {
        response.write('x')
        const timer = setInterval(() => response.write('x'), 50)
        response.on('close', () => clearInterval(timer))
      }) satisfies RequestListener,
    ],
  ])('that never %s is given up in time (outbound/O4)', async (_what, listener) => {
    const { port } = await serve(listener as RequestListener)
    const startedAt = performance.now()
    await expect(
      call({ url: `http://api.example.com:${port}/`, timeoutSeconds: 0.5 }, around(port)),
    ).rejects.toMatchObject({
      name: 'AgentRetryableError',
      message: expect.stringMatching(/within 0.5 s/),
    })
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  })

  it('is not waited for after the task is cancelled, nor is a resolver', async () => {
    const reason = new Error('cancelled')
    const cancelled = (): AbortSignal => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(reason), 50)
      return controller.signal
    }
    const { port } = await serve(() => {})
    const url = `http://api.example.com:${port}/`
    await expect(call({ url }, around(port), cancelled())).rejects.toBe(reason)
    await expect(
      call({ url }, around(port, { resolve: () => new Promise(() => {}) }), cancelled()),
    ).rejects.toBe(reason)
  })

  it.each([
    [
      'another protocol',
      'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      'AgentFinalError',
    ],
    ['headers without end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`, 'AgentRetryableError'],
    [
      'no gzip',
      'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc',
      'AgentRetryableError',
    ],
    [
      'an encoding that nobody asked for',
      'HTTP/1.1 200 OK\r\ncontent-encoding: gzip, gzip\r\ncontent-length: 3\r\n\r\nabc',
      'AgentFinalError',
    ],
    [
      'no address to go on to',
      'HTTP/1.1 302 Found\r\nlocation: http://[\r\ncontent-length: 0\r\n\r\n',
      'InvalidInputError',
    ],
    ['nothing', '', 'AgentRetryableError'],
  ])('that is %s ends the call', async (_what, text, name) => {
    const server = createTcpServer((socket) =>
      socket.on('error', () => {}).on('data', () => (text === '' ? socket.end() : socket.write(text))),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    await expect(call({ url: `http://api.example.com:${port}/` }, around(port))).rejects.toMatchObject({
      name,
    })
  })

  it('tells no cookies', async () => {
    const headers = {
      'set-cookie': 'session=1',
      'content-type': 'text/plain',
      'x-powered-by': 'x',
      etag: '"1"',
    }
    const { port } = await serve((_request, response) => response.writeHead(200, headers).end())
    const answer = await call({ url: `http://api.example.com:${port}/` }, around(port))
    expect(answer.headers).toMatchObject({ 'content-type': 'text/plain', etag: '"1"' })
    expect(Object.keys(answer.headers)).not.toContain('set-cookie')
  })

  it.each([
    ['a name that cannot be resolved', { resolve: () => Promise.reject(new Error('ENOTFOUND')) }],
    ['a port where nobody listens', { allowedHosts: ['http://api.example.com:1'] }],
  ])('that fails by %s may come later', async (_what, more) => {
    const port = 'allowedHosts' in more ? 1 : 8_081
    await expect(call({ url: `http://api.example.com:${port}/` }, around(port, more))).rejects.toMatchObject({
      name: 'AgentRetryableError',
    })
  })
})

describe('headers', () => {
  it.each([
    ['Host', 'x'],
    ['Cookie', 'x'],
    ['Connection', 'x'],
    ['Content-Length', '1'],
    ['Transfer-Encoding', 'chunked'],
    ['Upgrade', 'h2c'],
    ['X-Forwarded-For', '127.0.0.1'],
    ['X-aws-ec2-metadata-token', 'x'],
    ['Metadata-Flavor', 'Google'],
    ['Proxy-Authorization', 'x'],
    ['X-Amz-Security-Token', 'x'],
    ['x-original-url', '/admin'],
    ...[
      ...[
        'x-http-method-override',
        'x-method-override',
        'x-http-method',
        'x-rewrite-url',
        'x-request-uri',
        'x-host',
        'x-url',
      ],
      ...[
        'x-real-ip',
        'x-client-ip',
        'x-true-client-ip',
        'x-cluster-client-ip',
        'x-originating-ip',
        'x-remote-addr',
        'x-url-scheme',
      ],
      ...[
        'x-remote-user',
        'x-proxy-user',
        'x-auth-request-user',
        'x-auth-user',
        'x-authenticated-userid',
        'x-webauth-user',
        'x-user',
      ],
      ...[
        'x-ssl-client-cert',
        'x-consumer-username',
        'x-middleware-subrequest',
        'x-accel-redirect',
        'x-envoy-original-path',
      ],
      ...[
        'x-appengine-user-email',
        'x-arr-ssl',
        'x-ms-client-principal',
        'x-goog-iap-jwt-assertion',
        'x-amzn-oidc-identity',
      ],
    ].map((name) => [name, 'x'] as [string, string]),
    ['x y', 'z'],
    ['accept', 'a\r\nhost: evil'],
    ['accept', 'ä→'],
    ['', 'x'],
  ])('%j: %j is not sent', (name, value) => {
    expect(() => checkHeaders({ [name]: value })).toThrow(
      expect.objectContaining({ name: 'InvalidInputError' }),
    )
  })

  it("are those that describe a request, and one's own", () => {
    expect(checkHeaders({ Accept: 'a', 'X-Api-Key': 'k', 'x-tenant': 't', 'webhook-id': '1' })).toEqual({
      accept: 'a',
      'x-api-key': 'k',
      'x-tenant': 't',
      'webhook-id': '1',
    })
    const keys = [
      'x-auth-token',
      'x-client-id',
      'x-rapidapi-host',
      'x-request-id',
      'x-callback-url',
      'x-user-token',
      'x-shopify-access-token',
    ]
    expect(Object.keys(checkHeaders(Object.fromEntries(keys.map((name) => [name, '1']))))).toEqual(keys)
  })
})

describe('an origin that the stage names as private', () => {
  it.each([
    ['127.0.0.1', true],
    ['10.0.3.7', true],
    ['172.16.0.1', true],
    ['192.168.1.1', true],
    ['100.64.0.1', true],
    ['::1', true],
    ['fd12::7', true],
    ['::ffff:10.0.0.1', true],
    ['93.184.215.14', true],
    ['169.254.169.254', false],
    ['169.254.170.2', false],
    ['::ffff:169.254.169.254', false],
    ['64:ff9b::a9fe:a9fe', false],
    ['2002:a9fe:a9fe::', false],
    ['fe80::1', false],
    ['fd00:ec2::254', false],
    ['fd00:ec2:0:0:0:0:0:254', false],
    ['168.63.129.16', false],
    ['100.100.100.200', false],
    ['0.0.0.0', false],
    ['::', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['0177.0.0.1', false],
    ['2130706433', false],
    ['localhost', false],
    ['fe80::1%eth0', false],
    ['', false],
  ])('may be at %s: %s (outbound/O6)', (address, may) => {
    expect(isCallablePrivately(address)).toBe(may)
  })

  it('is called at a private address, and answers (outbound/O6)', async () => {
    const { port, asked } = await serve((_request, response) => void response.end('here'))
    const origin = `http://127.0.0.1:${port}`
    const where = { allowedHosts: [], privateOrigins: [origin] }
    expect((await call({ url: `${origin}/x` }, where)).body.toString()).toBe('here')
    expect(asked).toEqual(['GET /x'])
  })

  it('is not called where its name leads to a metadata service, now or later (outbound/O3, outbound/O6)', async () => {
    const { port, asked } = await serve((_request, response) => void response.end('here'))
    const origin = `http://agents.internal:${port}`
    const answers = [[here], [{ address: '169.254.169.254', family: 4 }]]
    const where = { allowedHosts: [], privateOrigins: [origin], resolve: async () => answers.shift() ?? [] }
    await call({ url: origin }, where)
    await expect(call({ url: origin }, where)).rejects.toThrow(
      'agents.internal is at 169.254.169.254, which is no address that may be called',
    )
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['another port', 'http://127.0.0.1:1/'],
    ['another scheme', 'https://127.0.0.1:8000/'],
    ['another number', 'http://127.0.0.2:8000/'],
    ['a user', 'http://me@127.0.0.1:8000/'],
  ])('is not meant by %s (outbound/O1)', async (_what, url) => {
    const where = { allowedHosts: [], privateOrigins: ['http://127.0.0.1:8000'] }
    await expect(call({ url }, where)).rejects.toMatchObject({ name: 'InvalidInputError' })
  })

  it('makes no other host private: what redirects there is refused (outbound/O1)', async () => {
    const inner = await serve((_request, response) => void response.end('secret'))
    const outer = await serve(
      (_request, response) =>
        void response.writeHead(302, { location: `http://127.0.0.1:${inner.port}/` }).end(),
    )
    const origin = `http://127.0.0.1:${outer.port}`
    const where = { allowedHosts: [], privateOrigins: [origin] }
    await expect(call({ url: origin }, where)).rejects.toMatchObject({ name: 'InvalidInputError' })
    expect(inner.asked).toEqual([])
  })

  it('answers with a redirect where none is followed (outbound/O4)', async () => {
    const { port } = await serve(
      (_request, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    )
    const origin = `http://127.0.0.1:${port}`
    const { mostRedirects: _, ...request } = {
      method: 'GET',
      timeoutSeconds: 5,
      mostBytes: 9,
      mostRedirects: 0,
    }
    const signal = new AbortController().signal
    const where = { allowedHosts: [], privateOrigins: [origin] }
    expect(await callHost({ ...request, url: origin }, where, signal)).toMatchObject({
      status: 302,
      redirects: 0,
    })
  })
})
