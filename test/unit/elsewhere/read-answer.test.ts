import { describe, expect, it } from 'vitest'
import { readAnswer } from '../../../shared/host/elsewhere/read-answer.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')

const http = (status: number, body: unknown = '', headers: Record<string, string> = {}) =>
  readAnswer(
    {
      kind: 'http',
      status,
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      truncated: false,
    },
    NOW,
  )
const lambda = (result: unknown, functionError?: string) =>
  readAnswer({ kind: 'lambda', functionError, payload: JSON.stringify(result), truncated: false }, NOW)

describe('the answer of a server', () => {
  it.each<[what: string, status: number, body: unknown, headers: Record<string, string>, answer: object]>([
    ['200 with an output', 200, { output: { a: 1 } }, {}, { kind: 'output', output: { a: 1 } }],
    ['200 with null', 200, { output: null }, {}, { kind: 'output', output: null }],
    [
      '200 with its cost',
      200,
      { output: 1, costUsd: 0.25, tokens: 12 },
      {},
      { kind: 'output', output: 1, costUsd: 0.25, tokens: 12 },
    ],
    [
      '200 with more than is known (contract/T2)',
      200,
      { output: 1, later: true },
      {},
      { kind: 'output', output: 1 },
    ],
    ['202 without a body', 202, '', {}, { kind: 'suspended' }],
    ['202 with times', 202, { timeoutSeconds: 60 }, {}, { kind: 'suspended', timeoutSeconds: 60 }],
    ['429', 429, 'slow down', {}, { kind: 'busy', message: 'it answered 429: slow down' }],
    ['429 with a time', 429, '', { 'retry-after': '7' }, { kind: 'busy', waitSeconds: 7 }],
    ['503 with a time', 503, '', { 'retry-after': '7' }, { kind: 'busy', waitSeconds: 7 }],
    [
      '503 with a date',
      503,
      '',
      { 'retry-after': 'Thu, 01 Jan 2026 00:01:30 GMT' },
      { kind: 'busy', waitSeconds: 90 },
    ],
    ['503 with a past date', 503, '', { 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, { waitSeconds: 0 }],
    ['503 with no time', 503, '', {}, { kind: 'transient' }],
    ['503 with what is no time', 503, '', { 'retry-after': 'soon' }, { kind: 'transient' }],
    ['500', 500, 'oops', {}, { kind: 'transient', message: 'it answered 500: oops' }],
    ['502 with a time', 502, '', { 'retry-after': '3' }, { kind: 'transient', retryAfterSeconds: 3 }],
    ['408', 408, '', {}, { kind: 'transient' }],
    ['425', 425, '', {}, { kind: 'transient' }],
    [
      '422 with a problem document',
      422,
      { title: 'Bad route', detail: 'no such city: Atlantis', status: 422 },
      {},
      { kind: 'final', message: 'it answered 422: Bad route: no such city: Atlantis' },
    ],
    ['404 with text', 404, '<html>gone</html>', {}, { kind: 'final', message: /404: <html>gone/ }],
    ['401 without a body', 401, '', {}, { kind: 'final', message: 'it answered 401' }],
    [
      'a redirect',
      302,
      '',
      { location: 'https://evil.example.net' },
      { message: /redirects are not followed/ },
    ],
    ['304', 304, '', {}, { kind: 'final' }],
    ['204', 204, '', {}, { kind: 'final', message: /it must be 200 with an output, or 202/ }],
    ['200 without an output', 200, {}, {}, { kind: 'final', message: /output/ }],
    ['200 with a text', 200, 'done', {}, { kind: 'final', message: 'its answer is no JSON: "done"' }],
    ['200 with a list', 200, [1], {}, { kind: 'final', message: /contract/ }],
    [
      'a negative cost (contract/T2)',
      200,
      { output: 1, costUsd: -1 },
      {},
      { kind: 'final', message: /costUsd/ },
    ],
    ['a time beyond the bound', 202, { timeoutSeconds: 1e12 }, {}, { message: /timeoutSeconds/ }],
  ])('%s', (_what, status, body, headers, answer) => {
    const { message, ...rest } = answer as { message?: string | RegExp }
    const read = http(status, body, headers)
    expect(read).toMatchObject(rest)
    if (message !== undefined) expect(read).toHaveProperty('message', expect.stringMatching(message))
  })

  it('is not quoted at any length', () => {
    const told = http(500, 'x'.repeat(100_000))
    expect(JSON.stringify(told).length).toBeLessThan(1_000)
  })

  it('is refused where it was cut', () => {
    const cut = readAnswer({ kind: 'http', status: 200, headers: {}, body: '{"out', truncated: true }, NOW)
    expect(cut).toMatchObject({ kind: 'final', message: expect.stringContaining('6000000 bytes') })
  })
})

describe('the result of a function', () => {
  it.each<[what: string, result: unknown, answer: object]>([
    ['an output', { output: [1] }, { kind: 'output', output: [1] }],
    ['an output with its cost', { output: 1, tokens: 3 }, { kind: 'output', output: 1, tokens: 3 }],
    ['suspended', { suspended: true, heartbeatSeconds: 30 }, { kind: 'suspended', heartbeatSeconds: 30 }],
    ['an error', { error: { message: 'no' } }, { kind: 'final', message: 'no' }],
    [
      'a busy one',
      { error: { kind: 'busy', message: 'later', retryAfterSeconds: 9 } },
      { kind: 'busy', message: 'later', waitSeconds: 9 },
    ],
    [
      'a transient one',
      { error: { kind: 'transient', message: 'lost', retryAfterSeconds: 2 }, costUsd: 1 },
      { kind: 'transient', message: 'lost', retryAfterSeconds: 2, costUsd: 1 },
    ],
    [
      'an error of a kind that is not known yet (contract/T2)',
      { error: { kind: 'new', message: 'x' } },
      { kind: 'final' },
    ],
    ['an error beside an output', { output: 1, error: { message: 'no' } }, { kind: 'final', message: 'no' }],
    ['nothing', null, { kind: 'final', message: expect.stringContaining('contract') }],
    ['an HTTP answer', { statusCode: 200, body: '{}' }, { kind: 'final' }],
  ])('%s', (_what, result, answer) => {
    expect(lambda(result)).toMatchObject(answer)
  })

  it('that failed is transient, as a 500 is, and tells why', () => {
    const told = lambda({ errorType: 'KeyError', errorMessage: "'city'", stackTrace: ['a'] }, 'Unhandled')
    expect(told).toEqual({ kind: 'transient', message: "its function failed (Unhandled): KeyError: 'city'" })
  })
})
