import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { testAgent } from 'orchestrator/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import * as z from 'zod'
import type { Surroundings } from '../../../functions/agents/_support/outbound/call-host.ts'
import httpAgent from '../../../functions/agents/http/index.ts'
import { request } from '../../../functions/agents/http/request.ts'
import { RequestSchema } from '../../../functions/agents/http/schemas.ts'
import { fetchPage } from '../../../functions/agents/research/fetch-page.ts'
import { FetchSchema } from '../../../functions/agents/research/schemas.ts'
import { defineAgent } from '../../../shared/agent/index.ts'

type Seen = { method: string | undefined; headers: Record<string, unknown>; body: string }

async function serve(answer: RequestListener) {
  const seen: Seen[] = []
  const server = createServer(async (incoming, outgoing) => {
    let body = ''
    for await (const chunk of incoming) body += String(chunk)
    seen.push({ method: incoming.method, headers: incoming.headers, body })
    answer(incoming, outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const host = `http://api.example.com:${(server.address() as AddressInfo).port}`
  const around: Surroundings = {
    allowedHosts: [host],
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    isPublic: () => true,
  }
  return { seen, host, around }
}

/** The agent, in surroundings of the test, in the host's world. */
const inHost = (around: Surroundings) =>
  defineAgent({
    id: 'http-here',
    version: '1.0.0',
    description: 'test',
    capabilities: { 'http.request': { description: 'test', input: RequestSchema, output: z.json() } },
    execute: async ({ input }, context) =>
      z.json().parse(JSON.parse(JSON.stringify(await request(input, around, context)))),
  })

const json =
  (status: number, value: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))

describe('http.request', () => {
  it('sends JSON once over all attempts, with the same idempotency key', async () => {
    const { seen, host, around } = await serve(json(201, { id: 1 }))
    const test = { input: { url: `${host}/orders`, method: 'POST', json: { n: 1 } } }
    const crashed = await testAgent(inHost(around), { ...test, crashAfter: 'request' })
    const again = await testAgent(inHost(around), { ...test, after: crashed })
    expect(again.output).toMatchObject({ status: 201, json: { id: 1 }, redirects: 0, truncated: false })
    const third = await testAgent(inHost(around), { ...test, after: again })
    expect(third.output).toEqual(again.output)
    expect(seen.map(({ method, body }) => `${method} ${body}`)).toEqual(['POST {"n":1}', 'POST {"n":1}'])
    const keys = seen.map(({ headers }) => headers['idempotency-key'])
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(keys[1]).toBe(keys[0])
  })

  it('reads as often as it is asked, and tells JSON, text and bytes', async () => {
    const { host, around } = await serve((incoming, outgoing) => {
      const type = {
        '/json': 'application/problem+json',
        '/text': 'text/plain; charset=utf-8',
        '/bytes': 'image/png',
        '/wrong': 'application/json',
      }
      outgoing.writeHead(200, { 'content-type': type[incoming.url as '/json'] })
      outgoing.end(
        incoming.url === '/bytes'
          ? Buffer.from([255, 0, 254])
          : incoming.url === '/json'
            ? '{"a":1}'
            : 'grün',
      )
    })
    const outputOf = async (path: string) =>
      (await testAgent(inHost(around), { input: { url: `${host}${path}` } })).output
    expect(await outputOf('/json')).toMatchObject({ json: { a: 1 }, bytes: 7 })
    expect(await outputOf('/text')).toMatchObject({ text: 'grün' })
    expect(await outputOf('/wrong')).toMatchObject({ text: 'grün' })
    expect(await outputOf('/bytes')).toMatchObject({ base64: '/wD+' })
  })

  it('writes a body into a file', async () => {
    const { host, around } = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from([1, 2])),
    )
    const run = await testAgent(inHost(around), { input: { url: host, saveAs: 'chart.png' } })
    expect(run.output).toMatchObject({ file: { $file: expect.stringMatching(/chart\.png$/) } })
    expect(run.written['chart.png']).toMatchObject({ contentType: 'image/png' })
  })

  it.each([
    [404, {}, 'AgentFinalError', /answered 404: .*no such/],
    [400, {}, 'AgentFinalError', /answered 400/],
    [500, {}, 'AgentRetryableError', /answered 500/],
    [503, { 'retry-after': '7' }, 'AgentRetryableError', /answered 503/],
    [429, {}, 'AgentRetryableError', /answered 429/],
  ])('fails by %i', async (status, headers, name, message) => {
    const { host, around } = await serve(json(status, { detail: 'no such thing' }, headers))
    const run = await testAgent(inHost(around), { input: { url: `${host}/a?key=hidden` } })
    expect(run.error).toMatchObject({ name, message: expect.stringMatching(message) })
    expect(run.error?.message).not.toContain('hidden')
    if (status === 503) expect(run.thrown).toMatchObject({ details: { retryAfterSeconds: 7 } })
    const any = await testAgent(inHost(around), { input: { url: host, anyStatus: true } })
    expect(any.output).toMatchObject({ status, json: { detail: 'no such thing' } })
  })

  it('says which setting to make', async () => {
    const none = await testAgent(httpAgent, {
      capability: 'http.request',
      input: { url: 'https://api.example.com/' },
    })
    expect(none.error).toMatchObject({ name: 'ConfigError', message: expect.stringMatching(/allowedHosts/) })
    const settings = { allowedHosts: ['api.example.com'] }
    const other = await testAgent(httpAgent, {
      capability: 'http.request',
      input: { url: 'https://api.example.net/' },
      settings,
    })
    expect(other.error).toMatchObject({
      name: 'AgentFinalError',
      message: expect.stringMatching(/allows \(api\.example\.com\); add it to allowedHosts/),
    })
  })

  it.each([
    [{ json: 1 }, /GET and HEAD have no body/],
    [{ method: 'POST', json: 1, body: 'x' }, /one body/],
    [{ method: 'TRACE' }, /method/],
    [{ method: 'CONNECT' }, /method/],
  ])('refuses %j', async (more, message) => {
    const run = await testAgent(httpAgent, {
      capability: 'http.request',
      input: { url: 'https://api.example.com/', ...more },
    })
    expect(run.error).toMatchObject({ name: 'InvalidInputError', message: expect.stringMatching(message) })
  })
})

describe('research.fetch', () => {
  const PAGE = `<!doctype html><html><head><title>Refunds | Shop</title><style>p{}</style></head><body>
    <nav><a href="/">Home</a><a href="/about">About</a></nav>
    <article><h1>Refunds</h1>${Array.from({ length: 8 }, (_, n) => `<p>Paragraph ${n}: a customer may ask for a refund within thirty days, and gets it by the same way as the payment came, in full.</p>`).join('')}</article>
    <script>alert("no")</script><footer>Imprint</footer></body></html>`

  const page = async (type: string, body: string | Buffer, more: object = {}) => {
    const { host, around } = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': type }).end(body),
    )
    const input = FetchSchema.parse({ url: `${host}/refunds`, ...more })
    return { host, page: await fetchPage(input, around, { signal: new AbortController().signal }) }
  }

  it('reads the article of a page, without what stands around it', async () => {
    const { host, page: read } = await page('text/html; charset=utf-8', PAGE)
    expect(read).toMatchObject({
      source: `${host}/refunds`,
      title: expect.stringMatching(/Refunds/),
      truncated: false,
      engine: 'extractive',
    })
    expect(read.text).toContain('Paragraph 7: a customer may ask')
    for (const noise of ['alert', 'Home', 'Imprint', '<p>']) expect(read.text).not.toContain(noise)
  })

  it('reads Markdown and text as they are, in their charset, and cuts them', async () => {
    expect((await page('text/markdown', '# Title\n\n*text*')).page).toMatchObject({
      text: '# Title\n\n*text*',
      title: '',
    })
    expect(
      (await page('text/plain; charset=iso-8859-1', Buffer.from([0x67, 0x72, 0xfc, 0x6e]))).page.text,
    ).toBe('grün')
    expect((await page('text/plain', 'abcdef', { maxCharacters: 3 })).page).toMatchObject({
      text: 'abc',
      characters: 6,
      truncated: true,
    })
  })

  it('does not read what is no text', async () => {
    await expect(page('application/pdf', '%PDF')).rejects.toMatchObject({
      name: 'AgentFinalError',
      message: expect.stringMatching(/application\/pdf/),
    })
  })

  it('reads a page without an article as a whole', async () => {
    expect((await page('text/html', '<p>Short.</p>')).page.text).toBe('Short.')
  })
})
