import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

const TIMES = { headersMilliseconds: 500, requestMilliseconds: 1_000, idleMilliseconds: 250 }
/** The time until the last connection is closed: the longest limit, plus the interval of checks. */
const BOUND_MILLISECONDS = 7_000
const MOST = 100
const CONNECTIONS = 150

let api: LocalApi
beforeAll(async () => {
  api = await startApi({ connections: { ...TIMES, connections: CONNECTIONS } })
})
afterAll(() => api.stop())

/** The API and the AWS endpoint: tested beside one another, because the tests wait for time limits. */
const ports = (): number[] => [api.apiUrl, api.awsUrl].map((url) => Number(new URL(url).port))

/** A client that writes `begin`, then a piece every 100 ms while the connection is open. Resolves with the answer when it is closed. */
async function drip(port: number, begin: string, piece: string): Promise<string> {
  const socket: Socket = connect(port, '127.0.0.1')
  let told = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    told += text
  })
  socket.on('error', () => {})
  socket.write(begin)
  const dripping = setInterval(() => piece && socket.writable && socket.write(piece), 100)
  try {
    await new Promise((resolve) => socket.on('close', resolve))
  } finally {
    clearInterval(dripping)
  }
  return told
}

const POST = 'POST /api/v1/tasks HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
const SLOW: [what: string, begin: string, piece: string, told: RegExp][] = [
  ['a body that drips', `${POST}content-length: 100000\r\n\r\n{`, ' ', /^(HTTP\/1.1 408|$)/],
  [
    'a body in pieces without end',
    `${POST}transfer-encoding: chunked\r\n\r\n`,
    '1\r\n \r\n',
    /^HTTP\/1.1 408/,
  ],
  ['a body that never comes', `${POST}content-length: 10\r\n\r\n`, '', /^(HTTP\/1.1 408|$)/],
  ['headers that drip', 'GET / HTTP/1.1\r\n', 'x', /^(HTTP\/1.1 408|$)/],
  ['nothing at all', '', '', /^(HTTP\/1.1 408|$)/],
  ['one request, and silence', 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n', '', /^HTTP\/1.1 [245]/],
]

describe('each of both ports', () => {
  it.each(SLOW)(
    `closes ${MOST} connections with %s, and answers others meanwhile`,
    async (_what, begin, piece, told) => {
      const started = performance.now()
      const slow = ports().flatMap((port) => Array.from({ length: MOST }, () => drip(port, begin, piece)))
      const over = Promise.all(slow).then((answers) => ({ answers, after: performance.now() - started }))
      let waits = 0
      for (let done = false; !done; waits++) {
        const asked = performance.now()
        const { status } = await api.call('GET', '/tasks?limit=1')
        expect({ status, late: performance.now() - asked > 2_000 }).toEqual({ status: 200, late: false })
        done = await Promise.race([
          over.then(() => true),
          new Promise<false>((go) => setTimeout(go, 100, false)),
        ])
      }
      const { answers, after } = await over
      expect(waits).toBeGreaterThan(2)
      expect(after).toBeLessThan(BOUND_MILLISECONDS)
      for (const answer of answers) expect(answer).toMatch(told)
    },
  )

  it('takes no more connections than it may', async () => {
    await Promise.all(
      ports().map(async (port) => {
        const many = Array.from({ length: CONNECTIONS + 50 }, () => drip(port, '', ''))
        const first = await Promise.race(many)
        expect(first).toBe('')
        await Promise.all(many)
      }),
    )
    expect((await api.call('GET', '/tasks?limit=1')).status).toBe(200)
  })
})

describe('the local cloud', () => {
  it('still serves a task', async () => {
    expect(await api.run('simple', { word: 'w' })).toMatchObject({ status: 'succeeded' })
  })
})
