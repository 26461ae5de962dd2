import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http, { createServer, type IncomingMessage, type RequestOptions, type Server } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { FromSandbox } from '../../../local/lambda/sandbox/messages.ts'
import { callServicesByMessage } from '../../../local/lambda/sandbox/service-calls.ts'

const MIB = 1024 * 1024
const original = http.request
/** What has come to the port: how much, of what digest, and whether its sender has left before its end. */
type Seen = { headers: IncomingMessage['headers']; bytes: number; sha256: string; cut: boolean }
const seen: Seen[] = []
const messages: FromSandbox[] = []
let server: Server
let port = 0

beforeAll(async () => {
  server = createServer(async (incoming, outgoing) => {
    const hash = createHash('sha256')
    const one: Seen = { headers: incoming.headers, bytes: 0, sha256: '', cut: false }
    seen.push(one)
    try {
      for await (const chunk of incoming as AsyncIterable<Buffer>) {
        hash.update(chunk)
        one.bytes += chunk.length
      }
    } catch {
      one.cut = true
      server.emit('cut')
      return
    }
    one.sha256 = hash.digest('hex')
    outgoing.writeHead(201, { etag: '"of-the-port"' }).end('by the port')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  const answer = callServicesByMessage(new URL(`http://127.0.0.1:${port}`), (message) => {
    messages.push(message)
    if (message.kind === 'service') answer({ id: message.id, status: 200, headers: {}, body: 'by message' })
  })
})
afterAll(() => {
  http.request = original
  syncBuiltinESMExports()
  server.close()
})
beforeEach(() => {
  seen.length = 0
  messages.length = 0
})

function begin(headers: RequestOptions['headers'] = {}) {
  const agent = new http.Agent()
  const request = http.request({ host: '127.0.0.1', port, method: 'PUT', path: '/b/k', headers, agent })
  const answered = once(request, 'response').then(([response]) => response as IncomingMessage)
  return { request, answered }
}

async function put(chunks: readonly Buffer[], headers?: RequestOptions['headers']) {
  const { request, answered } = begin(headers)
  for (const chunk of chunks) request.write(chunk)
  request.end()
  const response = await answered
  return { status: response.statusCode, etag: response.headers.etag, body: await text(response) }
}

it('sends a small request as one message, also one of many chunks', async () => {
  const chunks = [randomBytes(MIB / 2), randomBytes(MIB / 2)]
  expect(await put(chunks)).toEqual({ status: 200, etag: undefined, body: 'by message' })
  expect(seen).toEqual([])
  expect(messages).toMatchObject([
    { kind: 'service', method: 'PUT', path: '/b/k', body: Buffer.concat(chunks) },
  ])
})

it.each([
  ['in one chunk', [8 * MIB]],
  ['in chunks that are small themselves', Array<number>(40).fill(MIB / 8)],
  ['one byte too large', [MIB, 1]],
])('sends a large request %s to the port, byte for byte, and nothing as a message', async (_name, sizes) => {
  const chunks = sizes.map((size) => randomBytes(size))
  const whole = Buffer.concat(chunks)
  expect(await put(chunks, { 'x-amz-meta': 'kept', expect: '100-continue' })).toEqual({
    status: 201,
    etag: '"of-the-port"',
    body: 'by the port',
  })
  const sha256 = createHash('sha256').update(whole).digest('hex')
  expect(seen).toMatchObject([{ bytes: whole.length, sha256, cut: false, headers: { 'x-amz-meta': 'kept' } }])
  expect(messages).toEqual([])
})

it('cuts the request to the port off where it is destroyed', async () => {
  const { request, answered } = begin()
  answered.catch(() => {})
  request.on('error', () => {})
  const cut = once(server, 'cut')
  request.write(randomBytes(2 * MIB), () => request.destroy())
  await cut
  expect(seen).toMatchObject([{ bytes: expect.any(Number), cut: true }])
  expect(messages).toEqual([])
})

it('tells of a port that does not answer as a failed request', async () => {
  const { request, answered } = begin()
  const failed = once(request, 'error')
  answered.catch(() => {})
  server.once('request', (incoming: IncomingMessage) => incoming.socket.destroy())
  request.write(randomBytes(2 * MIB))
  const [error] = (await failed) as [NodeJS.ErrnoException]
  expect(['ECONNRESET', 'EPIPE']).toContain(error.code)
})
