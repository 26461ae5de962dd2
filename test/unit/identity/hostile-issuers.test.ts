/** Issuers that answer otherwise than they should, over real HTTP. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, it } from 'vitest'
import { keySets } from '../../../functions/adapters/oidc/key-sets.ts'
import { IssuerSchema } from '../../../shared/domain/identity-settings.ts'

const DISCOVERY = '/.well-known/openid-configuration'
const MOST_MILLISECONDS = 3_000
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return `http://127.0.0.1:${address.port}`
}

function keysOf(issuer: string) {
  const keys = keySets({ fetch: globalThis.fetch, now: Date.now })
  return keys.keysOf(IssuerSchema.parse({ issuer, audiences: ['o'], tenant: 'acme', scopes: ['admin'] }))
}

/** An issuer whose keys are answered by `answer`. */
async function withKeys(answer: RequestListener): Promise<string> {
  const url = await serve((request, response) => {
    if (request.url !== DISCOVERY) return answer(request, response)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }))
  })
  return url
}

it('is asked over HTTP for what it publishes', async () => {
  const issuer = await withKeys((_, response) => void response.end('{"keys":[{"kty":"RSA"}]}'))
  expect(await keysOf(issuer)).toBeTypeOf('function')
})

it.each<[string, RequestListener, string]>([
  ['10 MB', (_, response) => void response.end(Buffer.alloc(10_000_000, ' ')), 'more than 262144 bytes'],
  [
    '10 MB in a few bytes',
    (_, response) => {
      response.setHeader('content-encoding', 'gzip')
      response.end(gzipSync(Buffer.alloc(10_000_000, ' ')))
    },
    'more than 262144 bytes',
  ],
  [
    'a redirect',
    (_, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    'answers 302',
  ],
  ['nothing', (request) => void request.socket.destroy(), 'fetch failed'],
  [
    'half of what it announces',
    (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{')
      setTimeout(() => response.destroy(), 20)
    },
    'cannot be had',
  ],
  ['a page', (_, response) => void response.end('<html>'), 'cannot be had'],
  ['an error', (_, response) => void response.writeHead(500).end('{"keys":[]}'), 'answers 500'],
])('opens nothing by an answer of %s (jwks/J1, jwks/J2)', async (_what, answer, message) => {
  await expect(keysOf(await withKeys(answer))).rejects.toMatchObject({
    name: 'UnavailableError',
    message: expect.stringContaining(message),
  })
})

it.each<[string, RequestListener]>([
  ['never', () => undefined],
  [
    'a byte at a time',
    (_, response) => {
      const timer = setInterval(() => response.write(' '), 50)
      response.once('close', () => clearInterval(timer))
    },
  ],
])('is waited for 3 seconds where it answers %s (jwks/J2)', async (_what, answer) => {
  const began = performance.now()
  await expect(keysOf(await withKeys(answer))).rejects.toMatchObject({ name: 'UnavailableError' })
  const took = performance.now() - began
  expect(took).toBeGreaterThan(MOST_MILLISECONDS - 100)
  expect(took).toBeLessThan(2 * MOST_MILLISECONDS)
})

it('does not speak for another by its discovery document (jwks/J1)', async () => {
  const url = await serve((_, response) => {
    response.end(JSON.stringify({ issuer: 'https://login.example.com', jwks_uri: `${url}/keys` }))
  })
  await expect(keysOf(url)).rejects.toThrow('is the document of another issuer')
})
