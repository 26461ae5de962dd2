import { LambdaClient } from '@aws-sdk/client-lambda'
import { describe, expect, it } from 'vitest'
import { invokeCall } from '../../../functions/adapters/elsewhere/lambda.ts'
import { withSend } from '../../support/cloud/replaced-send.ts'

const place = { kind: 'lambda', arn: 'arn:aws:lambda:us-east-1:000000000000:function:agents-x' } as const

const call = (send: () => Promise<object>, signal = new AbortController().signal, timeoutSeconds = 5) =>
  invokeCall(withSend(new LambdaClient({ region: 'us-east-1' }), send), place, {
    body: '{}',
    timeoutSeconds,
    signal,
  })

const failing =
  (name: string, facts: object = {}) =>
  () =>
    Promise.reject(Object.assign(new Error('told by Lambda'), { name, ...facts }))

describe('a function that is called', () => {
  it.each<[name: string, facts: object, becomes: string, message: RegExp]>([
    ['TooManyRequestsException', { $metadata: { httpStatusCode: 429 } }, 'AgentBusyError', /no more calls/],
    ['ServiceException', { $fault: 'server' }, 'AgentRetryableError', /cannot be reached: ServiceException/],
    ['ECONNRESET', { code: 'ECONNRESET' }, 'AgentRetryableError', /cannot be reached/],
    ['ResourceNotFoundException', {}, 'AgentFinalError', /there is no such function/],
    ['AccessDeniedException', {}, 'AgentFinalError', /may not be invoked/],
  ])('and is not there to answer: %s', async (name, facts, becomes, message) => {
    await expect(call(failing(name, facts))).rejects.toMatchObject({
      name: becomes,
      message: expect.stringMatching(message),
    })
  })

  it('answers with its result, or with how it failed', async () => {
    const Payload = { transformToString: () => '{"output":1}' }
    expect(await call(async () => ({ Payload }))).toEqual({
      kind: 'lambda',
      functionError: undefined,
      payload: '{"output":1}',
      truncated: false,
    })
    expect(await call(async () => ({ Payload, FunctionError: 'Unhandled' }))).toMatchObject({
      functionError: 'Unhandled',
    })
  })

  it('ends with the reason of the step that is cancelled', async () => {
    const controller = new AbortController()
    const reason = new Error('cancelled')
    controller.abort(reason)
    await expect(call(failing('AbortError'), controller.signal)).rejects.toBe(reason)
  })
})
