import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FinalError, RetryableError } from '../../../shared/agent/index.ts'
import { boundedFault, FaultSchema, faultOf, reasonIn } from '../../../shared/domain/fault.ts'
import { withoutSecrets } from '../../../shared/domain/without-secrets.ts'
import { asAgentFailure, faultBehind } from '../../../shared/host/agent-failure.ts'
import { cpuMilliseconds } from '../../support/runner/cpu-time.ts'

const withStack = (error: Error, ...frames: string[]): Error =>
  Object.assign(error, { stack: [`${error.name}: ${error.message}`, ...frames].join('\n') })
const FRAME = '    at priceOf (agents/price/index.ts:3:7)'

const cyclic = withStack(new Error('cyclic'), FRAME)
cyclic.cause = Object.assign(withStack(new Error('inner')), { cause: cyclic })
const throwing = Object.defineProperties(
  {},
  Object.fromEntries(
    ['name', 'message', 'stack', 'code', 'cause', 'errors'].map((name) => [
      name,
      {
        get() {
          throw new Error('no')
        },
      },
    ]),
  ),
)

describe('what a thrown value says of its own (fault/F1)', () => {
  it.each<[string, unknown, object]>([
    ['an error', withStack(new Error('x'), FRAME), { stack: FRAME.trim() }],
    ['a text', 'boom', {}],
    ['null', null, {}],
    ['undefined', undefined, {}],
    ['a symbol', Symbol('x'), {}],
    ['a function', () => 1, {}],
    ['an object', { code: 'E1', stack: `x\n${FRAME}` }, { code: 'E1', stack: FRAME.trim() }],
    ['a frozen error', Object.freeze(withStack(new Error('x'), FRAME)), { stack: FRAME.trim() }],
    ['an error whose members throw', throwing, {}],
    ['a proxy that throws', new Proxy(new Error('x'), { get: () => Promise.reject.call(1) }), {}],
    ['a circular cause', cyclic, { stack: FRAME.trim(), causes: [{ name: 'Error', message: 'inner' }] }],
    [
      'a chain of causes',
      withStack(new Error('a', { cause: withStack(new TypeError('b', { cause: 'c' }), FRAME) })),
      {
        causes: [
          { name: 'TypeError', message: 'b', stack: FRAME.trim() },
          { name: 'Error', message: 'c' },
        ],
      },
    ],
    [
      'an AggregateError',
      withStack(new AggregateError([withStack(new Error('one')), 'two'], 'both')),
      {
        causes: [
          { name: 'Error', message: 'one' },
          { name: 'Error', message: 'two' },
        ],
      },
    ],
    ['a stack without frames', withStack(new Error('x')), {}],
    ['a stack that is no text', Object.assign(new Error('x'), { stack: [1] }), {}],
  ])('%s', (_what, thrown, expected) => {
    expect(faultOf(thrown)).toEqual(expected)
  })

  it('an error of another realm', () => {
    const thrown: unknown = runInNewContext(
      'const e = new TypeError("far"); e.stack = "TypeError: far\\n    at far (far.js:1:1)"; e',
    )
    expect(faultOf(thrown)).toEqual({ stack: 'at far (far.js:1:1)' })
  })

  it('anything else', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true, withMap: true }), (thrown) => {
        expect(FaultSchema.safeParse({ name: 'n', message: 'm', ...faultOf(thrown) }).success).toBe(true)
      }),
    )
  })

  it('frames of the host and of Node.js are left out, unless there are no others', () => {
    const others = [
      '    at async runAgent (shared/host/run-agent.ts:1:2)',
      '    at async orchestrator/shared/host/run-step.ts:1:2',
      '    at middy (node_modules/@middy/core/index.js)',
      '    at process.processTicksAndRejections (node:internal/process/task_queues:103:5)',
      '    at AsyncResource.runInAsyncScope (node:async_hooks:206:9)',
      '    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1637:16)',
      '    at node:events:519:28',
      '    at Object.withStepConsole (orchestrator/functions/telemetry/agent-console.ts:22:15)',
      '    at Object.withStepConsole (functions/telemetry/agent-console.ts:22:15)',
      '    at new Promise (<anonymous>)',
    ]
    expect(faultOf(withStack(new Error('x'), FRAME, ...others)).stack).toBe(FRAME.trim())
    expect(faultOf(withStack(new Error('x'), ...others)).stack?.split('\n')).toHaveLength(others.length)
  })
})

describe('the bounds of what is kept (fault/F2)', () => {
  it('hold for a huge stack, a long chain, a wide AggregateError and control characters', () => {
    let chain = new Error('\u001b[31mend')
    for (let depth = 0; depth < 100; depth++) chain = new Error('m'.repeat(10_000), { cause: chain })
    const wide = new AggregateError(Array.from({ length: 1_000 }, (_, index) => new Error(`e${index}`)))
    const huge = withStack(
      new Error('x', { cause: chain }),
      ...Array.from({ length: 50_000 }, () => `${FRAME}\u001b[2J`),
    )
    for (const thrown of [chain, wide, huge]) {
      const { stack = '', causes = [] } = faultOf(thrown)
      expect(stack.length).toBeLessThanOrEqual(8_000)
      expect(causes.length).toBeLessThanOrEqual(8)
      expect(JSON.stringify({ stack, causes }).length).toBeLessThan(24_000)
      expect(JSON.stringify({ stack, causes })).not.toContain('\\u001b')
    }
  })

  it('shrink with the attempts of a step, which share one item', () => {
    const fault = faultOf(
      withStack(new Error('x', { cause: withStack(new Error('y'), FRAME) }), FRAME.repeat(500)),
    )
    const sizes = [0, 2, 3, 9, 10, 1_000].map((before) => JSON.stringify(boundedFault(fault, before)).length)
    expect(sizes[1]).toBe(sizes[0])
    expect(sizes[2]).toBeLessThan(1_500)
    expect(sizes[3]).toBe(sizes[2])
    expect(sizes.slice(4)).toEqual([2, 2])
  })
})

describe('a refused connection', () => {
  it('says host, port and code, in the message and among the causes', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    for (const host of ['127.0.0.1', 'localhost']) {
      const thrown: unknown = await fetch(`http://${host}:${port}/`).catch((error: unknown) => error)
      const failure = asAgentFailure(thrown)
      expect(failure.name).toBe('AgentRetryableError')
      expect(failure.message).toContain(`TypeError: fetch failed: connect ECONNREFUSED`)
      expect(failure.message).toContain(`:${port}`)
      expect(faultBehind(failure)?.causes?.at(-1)).toMatchObject({
        code: 'ECONNREFUSED',
        message: expect.stringContaining(`127.0.0.1:${port}`),
      })
    }
  })

  it('says what the message leaves out', () => {
    const cause = Object.assign(new Error('other side closed'), {
      code: 'UND_ERR_SOCKET',
      socket: { remoteAddress: '10.0.0.1', remotePort: 443 },
    })
    const [told] = faultOf(new TypeError('fetch failed', { cause })).causes ?? []
    expect(told).toMatchObject({ message: 'other side closed (UND_ERR_SOCKET 10.0.0.1:443)' })
  })
})

describe('credentials are masked (fault/F3)', () => {
  it.each([
    ['GET https://me:hunter22@host/x failed', 'GET https://me:***@host/x failed'],
    ['authorization: Bearer abcdefgh.ijkl-mnop', 'authorization: Bearer ***'],
    ['key AKIAABCDEFGHIJKLMNOP is unknown', 'key AKIA*** is unknown'],
    ['Incorrect API key provided: sk-proj-abcdefghijklmnop1234', 'Incorrect API key provided: sk-***'],
    ['?api_key=0123456789&x=1', '?api_key=***&x=1'],
    ['{"password": "hunter22"}', '{"password": "***"}'],
    ['OPENAI_API_KEY=abcdef0123456789 is refused', 'OPENAI_API_KEY=*** is refused'],
    ['AWS_SECRET_ACCESS_KEY=wJalrXUtn/K7MDENG', 'AWS_SECRET_ACCESS_KEY=***'],
    ['aws_session_token: FwoGZXIvYXdzEBY', 'aws_session_token: ***'],
    ['{"secretAccessKey":"wJalrXUtn","region":"x"}', '{"secretAccessKey":"***","region":"x"}'],
    ['DB_PASSWORD: hunter22', 'DB_PASSWORD: ***'],
    ['body was {\\"password\\":\\"hunter22"}', 'body was {\\"password\\":\\"***"}'],
    ['token github_pat_11ABCDEFG0abcdefghij', 'token github_pat_***'],
    ['key AIzaSyA1234567890abcdefghijklmnopqrstuv is refused', 'key AIza*** is refused'],
    ['gsk_abcdefghijklmnopqrstuvwx is invalid', 'gsk_*** is invalid'],
    ['xai-abcdefghijklmnopqrstuvwx is invalid', 'xai-*** is invalid'],
    ['hf_abcdefghijklmnopqrstuvwx, pplx-abcdefghijklmnopqrst', 'hf_***, pplx-***'],
    ['nvapi-abcdefghijklmnopqrst r8_abcdefghijklmnopqrst', 'nvapi-*** r8_***'],
    ['sk-ant-api03-abcdefghijklmnop_qrst', 'sk-***'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_***'],
    ['ABSKQmVkcm9ja0FQSUtleS1hYmNkZWZn is refused', 'ABSK*** is refused'],
    ['-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----', '-----BEGIN PRIVATE KEY-----***'],
    [
      'hf-transformers-of-some-kind and npm-package-of-some-kind',
      'hf-transformers-of-some-kind and npm-package-of-some-kind',
    ],
    ['no token was given; the secret is missing', 'no token was given; the secret is missing'],
  ])('%s', (text, masked) => {
    expect(withoutSecrets(text)).toBe(masked)
    expect(asAgentFailure(new Error(text)).message).toBe(masked)
    // Lambda answers and logs the stack, whose first line is the message.
    expect(asAgentFailure(new Error(text)).stack?.split('\n')[0]).toBe(`Error: ${masked}`)
    expect(faultOf(new Error('x', { cause: new Error(text) })).causes).toMatchObject([{ message: masked }])
  })
})

it.each([
  'a',
  'eyJ-',
  'AIza',
  '-----BEGIN PRIVATE KEY-----',
  'gsk_',
  'SG.',
  'eyJaaaaaaaa.',
  'https://',
  'Bearer ',
  'sk-',
  'password=',
  'secret',
  'x://a:',
])('a hostile text of %j takes no time (fault/F3)', (part) => {
  const text = part.repeat(40_000 / part.length)
  const before = cpuMilliseconds()
  withoutSecrets(text)
  expect(cpuMilliseconds() - before).toBeLessThan(1_000)
})

it.each([
  ['fetch failed', { cause: new Error('bad port') }, 'bad port'],
  ['fetch failed', { cause: new Error('') }, undefined],
  ['fetch failed', undefined, undefined],
  ['fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) }, 'x (ECONNREFUSED)'],
  ['the report is not readable', { cause: new Error('inner') }, undefined],
])('a failure of a connection says which one it was: %s %o', (message, options, reason) => {
  const thrown = new TypeError(message, options)
  expect(reasonIn(faultOf(thrown), message)).toBe(reason)
})

describe('the details of an error of ours', () => {
  const detailsOf = (details: Record<string, unknown>) => faultOf(new FinalError('no', { details })).details

  it('are kept as JSON text, without waits and credentials, and cut', () => {
    expect(detailsOf({ orders: [1, 2] })).toBe('{"orders":[1,2]}')
    expect(faultOf(new RetryableError('later', { retryAfterSeconds: 5 }))).not.toHaveProperty('details')
    expect(detailsOf({ key: 'Bearer abcdefghijklmnopqrstuvwxyz' })).not.toContain('abcdefghij')
    expect(detailsOf({ long: 'x'.repeat(9_000) })?.length).toBeLessThanOrEqual(4_000)
  })

  it('are left out where they are no JSON, or of another error (fault/F1)', () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    for (const details of [{}, circle, { big: 1n }]) expect(detailsOf(details)).toBeUndefined()
    expect(faultOf(Object.assign(new Error('x'), { details: { a: 1 } }))).not.toHaveProperty('details')
  })

  it('are kept of the first attempts', () => {
    const fault = { details: '{"a":1}' }
    expect([0, 2, 3].map((before) => boundedFault(fault, before).details)).toEqual([
      '{"a":1}',
      '{"a":1}',
      undefined,
    ])
  })
})
