import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { S3Client } from '@aws-sdk/client-s3'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { nodeIds, systemClock } from '../../../functions/adapters/node-ids.ts'
import { type AnswerStore, s3AnswerStore } from '../../../functions/adapters/s3/answer-store.ts'
import { httpHandler } from '../../../functions/middleware/http-handler.ts'
import { makeOpenApi } from '../../../shared/contracts/openapi.ts'
import { defineRoute } from '../../../shared/contracts/route.ts'
import { ROUTES } from '../../../shared/contracts/routes.ts'

/** Lambda's documented limit for an answer: 6 MB. */
const LAMBDA_BYTES = 6 * 1_024 * 1_024
/** Objects by path, as a bucket has them. */
const objects = new Map<string, string>()
const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? '', 'http://s3')
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  if (request.method === 'PUT') objects.set(pathname, Buffer.concat(chunks).toString())
  response.writeHead(200, { 'content-type': 'application/json' }).end(objects.get(pathname))
})
let answers: AnswerStore
let client: S3Client

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  client = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forcePathStyle: true,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'me', secretAccessKey: 'secret', sessionToken: 'of a role' },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
  answers = s3AnswerStore({ client, bucket: 'bucket', digest: nodeIds(systemClock).digest })
})
afterAll(() => {
  client.destroy()
  server.closeAllConnections()
  server.close()
})

const route = defineRoute({
  id: 'getRows',
  method: 'GET',
  path: '/rows',
  scope: 'any',
  summary: '',
  tag: '',
  input: z.object({}),
  success: { status: 200, description: '', output: z.unknown() },
})
const requestContext = { authorizer: { iam: { userArn: 'arn:aws:iam::123456789012:user/ada' } } }
const event = { headers: {}, requestContext: requestContext as object } as APIGatewayProxyEventV2
/** Rows of a table: the quotes around every value are escaped in the envelope. */
const rows = (count: number) => Array.from({ length: count }, (_, at) => ({ a: `${at}`, b: 'x', c: 'y' }))

describe('an answer of the API', () => {
  it('is replaced by a link if its envelope exceeds Lambda’s limit, even if the body does not', async () => {
    const large = rows(190_000)
    expect(JSON.stringify(large).length).toBeLessThan(5_900_000)
    const given = await httpHandler(route, async () => large, { answers })(event)
    expect(given).toMatchObject({ statusCode: 303 })
    const { location } = given.headers as { location: string }
    const { pathname, searchParams } = new URL(location)
    expect(pathname).toMatch(/^\/bucket\/tasks\/answers\/[0-9a-z]+\.json$/)
    expect(Object.fromEntries(searchParams)).toMatchObject({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': expect.stringMatching(/^me\/\d{8}\/eu-west-1\/s3\/aws4_request$/),
      'X-Amz-Expires': '300',
      'X-Amz-Security-Token': 'of a role',
      'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(await (await fetch(location)).json()).toEqual(large)
  })

  it.each([1_000, 100_000, 140_000, 150_000, 160_000])(
    'never exceeds Lambda’s limit: %i rows',
    async (count) => {
      const given = await httpHandler(route, async () => rows(count), { answers })(event)
      expect(Buffer.byteLength(JSON.stringify(given))).toBeLessThan(LAMBDA_BYTES)
    },
  )

  it('says how large it is where links are not supported', async () => {
    await expect(httpHandler(route, async () => rows(190_000))(event)).rejects.toMatchObject({
      name: 'ContentTooLargeError',
      message: expect.stringMatching(/^the answer has \d{7} bytes as it is sent/),
    })
  })

  it('to a read may be a redirect, says the API document', () => {
    const { paths } = makeOpenApi(Object.values(ROUTES), '1.0.0') as {
      paths: Record<string, Record<string, { responses: Record<string, unknown> }>>
    }
    expect(paths['/api/v1/tasks/{id}/result']?.get?.responses).toHaveProperty('303')
    expect(paths['/api/v1/tasks']?.post?.responses).not.toHaveProperty('303')
  })
})
