import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeQuota } from '../../../scripts/deployment/account-quota.ts'

const seen: { url: string; authorization: string }[] = []
let answer: { status: number; body: object }
const server = createServer((request, response) => {
  seen.push({ url: request.url ?? '', authorization: request.headers.authorization ?? '' })
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
})
let endpoint = ''
const clientOf = (at = endpoint): LambdaClient =>
  new LambdaClient({
    region: 'eu-west-1',
    endpoint: at,
    maxAttempts: 1,
    credentials: { accessKeyId: 'me', secretAccessKey: 'secret' },
  })

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

const limitOf = (concurrency: number) => ({
  status: 200,
  body: {
    AccountLimit: { ConcurrentExecutions: concurrency, UnreservedConcurrentExecutions: concurrency - 4 },
  },
})

describe('the quota of the account, as a deployment reports it', () => {
  it('is Lambda’s concurrency limit, from a signed request', async () => {
    answer = limitOf(1_000)
    expect(await describeQuota(1_000, clientOf())).toEqual([
      'Lambda runs 1000 calls at once for this account here, 996 of them unreserved.',
    ])
    expect(seen.at(-1)).toEqual({
      url: '/2016-08-19/account-settings',
      authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 .*\/eu-west-1\/lambda\/aws4_request/),
    })
  })

  it('comes with advice on the stage if it is that of a new account', async () => {
    answer = limitOf(10)
    const lines = await describeQuota(1_000, clientOf())
    expect(lines).toHaveLength(3)
    expect(lines.join(' ')).toMatch(/That is few.* set accountConcurrency: 10 in the stage/)
  })

  it.each([
    [{ status: 403, body: { message: 'not authorized' } }, /is not known: not authorized/],
    [{ status: 200, body: {} }, /is not known: GetAccountSettings tells no limit/],
  ])('never fails a deployment: %j', async (refused, told) => {
    answer = refused
    const [line] = await describeQuota(1_000, clientOf())
    expect(line).toMatch(told)
  })

  it('is unknown without an answer', async () => {
    const [line] = await describeQuota(1_000, clientOf('http://127.0.0.1:9'))
    expect(line).toMatch(/is not known: /)
  })
})
