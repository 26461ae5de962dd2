/** What the command line does where the requests of its tenant's minute are used up. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { callApi, callPages } from '../../../cli/api-client.ts'

type Refusal = { status?: number; name?: string; retryAfter?: string }

let server: Server
let base: string
let refusals: Refusal[]
let asked: string[]

beforeEach(async () => {
  refusals = []
  asked = []
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  server = createServer((request, response) => {
    asked.push(String(request.url))
    const refusal = refusals.shift()
    const { status = 429, name = 'TooManyRequestsError', retryAfter = '0' } = refusal ?? {}
    if (!refusal) return response.end(JSON.stringify({ approvals: [] }))
    response.statusCode = status
    response.setHeader('retry-after', retryAfter)
    const problem = { type: `urn:orchestrator:${name}`, title: 'Refused', status, detail: 'used up' }
    response.end(JSON.stringify(problem))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  vi.stubEnv('ORCHESTRATOR_URL', base)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await new Promise((resolve) => server.close(resolve))
})

it('reads again when the minute begins, as often as it takes', async () => {
  refusals = [{}, {}, {}]
  expect(await callApi('listApprovals', {})).toEqual({ approvals: [] })
  expect(asked).toHaveLength(4)
})

it('reads pages to their end', async () => {
  refusals = [{}, {}]
  const pages = []
  for await (const page of callPages('listApprovals', {})) pages.push(page)
  expect(pages).toHaveLength(1)
})

it.each<[string, Refusal]>([
  ['a quota of a day', { name: 'QuotaExceededError' }],
  ['a refusal that names no time', { retryAfter: 'soon' }],
  ['a time of more than a minute', { retryAfter: '61' }],
  ['another refusal', { status: 403, name: 'ForbiddenError' }],
])('does not wait for %s', async (_what, refusal) => {
  refusals = [refusal]
  await expect(callApi('listApprovals', {})).rejects.toThrow('used up')
  expect(asked).toHaveLength(1)
})

it('does not send again what may change something', async () => {
  refusals = [{}]
  const key = { name: 'k', scopes: ['tasks:read' as const] }
  await expect(callApi('createKey', key)).rejects.toThrow('used up')
  expect(asked).toHaveLength(1)
})
