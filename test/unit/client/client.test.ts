/** Invariants: shared/client/index.ts. */
import { expect, it, vi } from 'vitest'
import { ApiError, type ClientOptions, makeClient } from '../../../shared/client/index.ts'

const ID = `t_${'0'.repeat(26)}`
const EMPTY = JSON.stringify({ tasks: [] })
const PROBLEM = {
  type: 'https://example.com/NotFoundError',
  title: 'NotFoundError',
  status: 404,
  detail: `there is no task ${ID}`,
}

function clientOf(
  answer: (request: Request) => Response | Promise<Response>,
  options: Partial<ClientOptions> = {},
) {
  const requests: Request[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    requests.push(request)
    return answer(request)
  }
  return { requests, call: makeClient({ baseUrl: 'https://api.example', fetch, ...options }) }
}

const failureOf = (call: Promise<unknown>): Promise<ApiError> =>
  call.then(
    () => expect.unreachable('it answered'),
    (error) => {
      expect(error).toBeInstanceOf(ApiError)
      return error
    },
  )

it('sends each field of an input where its route reads it from', async () => {
  const { requests, call } = clientOf(() => new Response(EMPTY))
  await call('listTasks', { status: 'running', cursor: undefined })
  expect(requests.map(({ method, url }) => [method, url])).toEqual([
    ['GET', 'https://api.example/api/v1/tasks?status=running'],
  ])

  const submitted = clientOf(() => Response.json(PROBLEM, { status: 404 }))
  await failureOf(submitted.call('submitTask', { type: 'simple', input: { a: 1 }, idempotencyKey: 'k' }))
  const [request] = submitted.requests
  expect(request?.headers.get('idempotency-key')).toBe('k')
  expect(await request?.json()).toEqual({ type: 'simple', input: { a: 1 } })
})

it('escapes path parameters', async () => {
  const { requests, call } = clientOf(() => Response.json(PROBLEM, { status: 404 }))
  await failureOf(call('getTaskStep', { id: ID, stepId: 'a/b?c' }))
  expect(requests[0]?.url).toBe(`https://api.example/api/v1/tasks/${ID}/steps/a%2Fb%3Fc`)
})

it('throws the problem that the API tells', async () => {
  const { call } = clientOf(() => Response.json(PROBLEM, { status: 404 }))
  expect(await failureOf(call('getTask', { id: ID }))).toMatchObject({
    reason: 'problem',
    status: 404,
    message: PROBLEM.detail,
    problem: PROBLEM,
  })
})

it.each([
  ['no JSON', new Response('<html>'), 200, /did not answer with JSON/],
  ['another body', Response.json({ tasks: 7 }), 200, /of this version does not: tasks/],
  [
    'a refusal of something else',
    new Response('Bad\n  Gateway', { status: 502 }),
    502,
    /answered 502.*: Bad Gateway$/,
  ],
])('client/C1 refuses %s as an answer', async (_name, answer, status, message) => {
  const { call } = clientOf(() => answer)
  expect(await failureOf(call('listTasks', {}))).toMatchObject({
    reason: 'foreign',
    status,
    message: expect.stringMatching(message),
  })
})

it('client/C2 follows the link of a large answer without the signature', async () => {
  const link = 'https://bucket.example/large?X-Amz-Signature=s'
  const { requests, call } = clientOf(
    ({ url }) =>
      url === link ? new Response(EMPTY) : new Response(null, { status: 303, headers: { location: link } }),
    {
      sign: (request) =>
        new Request(request, { headers: { ...Object.fromEntries(request.headers), authorization: 'mine' } }),
    },
  )
  expect(await call('listTasks', {})).toEqual({ tasks: [] })
  expect(requests.map(({ headers }) => headers.get('authorization'))).toEqual(['mine', null])
})

it('client/C3 ends an answer whose body does not come', async () => {
  const bodies = vi.fn()
  const { call } = clientOf(
    ({ signal }) => {
      const body = new ReadableStream({
        start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)),
        pull: bodies,
      })
      return new Response(body)
    },
    { timeoutSeconds: 0.05 },
  )
  expect(await failureOf(call('listTasks', {}))).toMatchObject({
    reason: 'timeout',
    message: 'https://api.example has not answered for 0.05 s',
  })
  expect(bodies).toHaveBeenCalled()
})

it('client/C3 ends where the signature does not come', async () => {
  const { requests, call } = clientOf(() => new Response(EMPTY), {
    sign: () => new Promise(() => {}),
    timeoutSeconds: 0.05,
  })
  expect(await failureOf(call('listTasks', {}))).toMatchObject({
    reason: 'timeout',
    message: 'the request to https://api.example has not been signed for 0.05 s',
  })
  expect(requests).toEqual([])
})

it.each([
  [
    'throws',
    () => {
      throw new TypeError('no credentials')
    },
  ],
  ['rejects with', () => Promise.reject(new TypeError('no credentials'))],
])('leaves an error that the signer %s as it is', async (_how, sign) => {
  const { call } = clientOf(() => new Response(EMPTY), { sign })
  await expect(call('listTasks', {})).rejects.toThrow(new TypeError('no credentials'))
})

it('names the reason of a connection that fails', async () => {
  const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
  const { call } = clientOf(() => Promise.reject(new TypeError('fetch failed', { cause })))
  expect(await failureOf(call('listTasks', {}))).toMatchObject({
    reason: 'unreachable',
    message: 'https://api.example cannot be reached (ECONNREFUSED)',
  })
})
