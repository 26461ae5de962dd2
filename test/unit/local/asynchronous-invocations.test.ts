import { describe, expect, it } from 'vitest'
import { AsynchronousInvocations } from '../../../local/lambda/asynchronous/service.ts'
import { type Invocation, STOPPED } from '../../../local/lambda/function-settings.ts'
import { LambdaService } from '../../../local/lambda/service.ts'
import { VirtualClock } from '../../../local/stepfunctions/run/clock.ts'

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:f'
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:failures'
const failed: Invocation = { functionError: { errorType: 'TypeError', errorMessage: 'no', trace: ['at f'] } }
const ok: Invocation = { payload: 'null' }

/** A function that is really there, and whose answers are given. */
function made(
  answers: readonly Invocation[],
  configured?: { retries: number; onFailure: string | undefined },
) {
  const real = new LambdaService()
  const settings = {
    name: 'f',
    arn: ARN,
    entry: '/nowhere.mjs',
    handler: 'h',
    timeoutSeconds: 1,
    memoryMb: 1,
  }
  real.put({ ...settings, environment: {} })
  const asked: string[] = []
  const sent: { arn: string; record: unknown; functionArn: string }[] = []
  const log: string[] = []
  const clock = new VirtualClock()
  const invocations = new AsynchronousInvocations({
    lambda: {
      get: (name) => real.get(name),
      async invoke(_arn, payload) {
        asked.push(payload)
        return answers[asked.length - 1] ?? ok
      },
    },
    clock,
    send: (arn, record, functionArn) => void sent.push({ arn, record, functionArn }),
    onLog: (_name, text) => void log.push(text),
  })
  if (configured) invocations.configure('f', configured)
  return { invocations, asked, sent, log, clock }
}

describe('an asynchronous invocation', () => {
  it.each([
    ['without a configuration', undefined, 3],
    ['with two retries', { retries: 2, onFailure: QUEUE }, 3],
    ['with none', { retries: 0, onFailure: QUEUE }, 1],
  ])('is tried again %s (asynchronous/A1)', async (_name, configured, tries) => {
    const { invocations, asked } = made([failed, failed, failed, failed], configured)
    await invocations.invoke(ARN, '{}')
    expect(asked).toHaveLength(tries)
  })

  it('is over once it has succeeded (asynchronous/A1)', async () => {
    const { invocations, asked, sent } = made([failed, ok], { retries: 2, onFailure: QUEUE })
    await invocations.invoke('f', '{}')
    expect({ tries: asked.length, sent }).toEqual({ tries: 2, sent: [] })
  })

  it('that failed is in the destination, as Lambda writes it (asynchronous/A2)', async () => {
    const { invocations, sent, clock } = made([failed, failed], { retries: 1, onFailure: QUEUE })
    await invocations.invoke(ARN, '{"a":1}')
    expect(sent).toEqual([
      {
        arn: QUEUE,
        functionArn: ARN,
        record: {
          version: '1.0',
          timestamp: new Date(clock.now()).toISOString(),
          requestContext: {
            requestId: expect.stringMatching(/^[\da-f-]{36}$/) as string,
            functionArn: `${ARN}:$LATEST`,
            condition: 'RetriesExhausted',
            approximateInvokeCount: 2,
          },
          requestPayload: { a: 1 },
          responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
          responsePayload: { errorType: 'TypeError', errorMessage: 'no', trace: ['at f'] },
        },
      },
    ])
  })

  it('that failed without a destination is told in the log', async () => {
    const { invocations, log } = made([failed, failed, failed])
    await invocations.invoke(ARN, '{}')
    expect(log).toEqual([
      '3 of 3 tries failed: TypeError: no; the function has no destination for failures\n',
    ])
  })

  it('that the stop of the local cloud cut short has not failed (asynchronous/A3)', async () => {
    const { invocations, sent, asked } = made([{ functionError: STOPPED }], { retries: 2, onFailure: QUEUE })
    await expect(invocations.invoke(ARN, '{}')).rejects.toThrow(STOPPED.errorMessage)
    expect({ tries: asked.length, sent }).toEqual({ tries: 1, sent: [] })
  })

  it('of a function that is not there is refused', async () => {
    const { invocations } = made([])
    await expect(invocations.invoke('nobody', '{}')).rejects.toThrow('Function not found: nobody')
  })
})
