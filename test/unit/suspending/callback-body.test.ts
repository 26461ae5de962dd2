import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { expect, it, vi } from 'vitest'
import { callbackHandler } from '../../../functions/api/callback-handler.ts'
import { CALLBACK_PATH } from '../../../shared/contracts/callback-requests.ts'
import { callbackToken } from '../../../shared/domain/callback.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'

const TOKEN = callbackToken(
  { taskId: `t_${'0'.repeat(26)}`, execution: 1, id: 'a'.repeat(26) },
  'x'.repeat(43),
)
const LARGE = `{"output":[${'1,'.repeat(900_000)}1]}`

/** The error of an answer to a token that nobody has given, and how often a text of JSON was read. */
async function answered(token: string, body: string) {
  const event: Partial<APIGatewayProxyEventV2> = {
    rawPath: CALLBACK_PATH.replace('{token}', token),
    headers: { 'content-type': 'application/json' },
    body,
    requestContext: { http: { method: 'POST' } } as APIGatewayProxyEventV2['requestContext'],
  }
  const handle = callbackHandler(hostInMemory().ports)
  const parse = vi.spyOn(JSON, 'parse')
  try {
    const error = await handle(event as APIGatewayProxyEventV2).catch((reason: Error) => reason.name)
    return { error, read: parse.mock.calls.filter(([text]) => text === body).length }
  } finally {
    parse.mockRestore()
  }
}

it('a body without a token, or larger than any answer, is not read', async () => {
  expect(await answered('nonsense', LARGE)).toEqual({ error: 'NotFoundError', read: 0 })
  expect(await answered(TOKEN, LARGE)).toEqual({ error: 'ContentTooLargeError', read: 0 })
  expect(await answered(TOKEN, '{"output":1}')).toEqual({ error: 'NotFoundError', read: 1 })
})
