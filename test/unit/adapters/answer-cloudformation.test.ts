import { createServer } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Asked, answerCloudFormation } from '../../../functions/deployment/answer-cloudformation.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'

const MINUTE = 60_000

/** The responses that CloudFormation has received. */
const received: Record<string, unknown>[] = []
const server = createServer(async (request, response) => {
  received.push(
    JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString()) as Record<string, unknown>,
  )
  response.end()
})
let url = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}/answer`
})
afterAll(() => void server.close())
beforeEach(() => void received.splice(0))

function asked(RequestType: Asked['RequestType']): Asked {
  const common = {
    ResponseURL: url,
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Registration',
    ResourceType: 'Custom::Registration',
    ServiceToken: 'token',
    ResourceProperties: { ServiceToken: 'token' },
  }
  if (RequestType === 'Create') return { ...common, RequestType }
  const existing = { ...common, PhysicalResourceId: 'registration' }
  if (RequestType === 'Delete') return { ...existing, RequestType }
  return { ...existing, RequestType, OldResourceProperties: common.ResourceProperties }
}

/** Simulates invocations that each work for Lambda's time limit, until `minutes` have been worked in all. */
async function work(event: Asked, minutes: number): Promise<number> {
  let now = 0
  let done = 0
  let invocations = 0
  let next: Asked | undefined = event
  while (next) {
    const current: Asked = next
    next = undefined
    invocations++
    const outcome = await answerCloudFormation(current, {
      now: () => now,
      run: async () => {
        const takes = Math.min(14, minutes - done)
        done += takes
        now += takes * MINUTE
        if (done < minutes)
          throw new OrchestratorError('UnavailableError', `${minutes - done} minutes are left`)
        return { minutes }
      },
      wait: async (milliseconds) => {
        now += milliseconds
      },
      goOn: async (later) => {
        next = later
      },
    })
    expect(outcome).toBe(next ? 'goes on' : 'answered')
  }
  expect(now).toBeLessThan(60 * MINUTE)
  return invocations
}

describe('the answer of a custom resource', () => {
  it.each([
    ['Create', 5, 1],
    ['Update', 14, 1],
    ['Update', 30, 3],
    ['Delete', 50, 4],
  ] as const)(
    '%s: work of %d minutes takes %d invocations and is answered once (cloudformation/A1, cloudformation/A2)',
    async (type, minutes, invocations) => {
      expect(await work(asked(type), minutes)).toBe(invocations)
      expect(received).toMatchObject([{ Status: 'SUCCESS', RequestId: 'request', Data: { minutes } }])
    },
  )

  it('is a failure, in time, when there is too much to publish (cloudformation/A1, cloudformation/A3)', async () => {
    await work(asked('Update'), 200)
    expect(received).toMatchObject([{ Status: 'FAILED', Reason: expect.stringMatching(/minutes are left/) }])
  })

  it('is a success, in time, when there is too much to remove (cloudformation/A1, cloudformation/A3)', async () => {
    await work(asked('Delete'), 200)
    expect(received).toMatchObject([{ Status: 'SUCCESS' }])
  })

  it.each([
    ['a mistake', new OrchestratorError('ConflictError', 'no')],
    ['what is no error of ours', 'no'],
    ['a message without end', new Error('no'.repeat(100_000))],
  ])('is a failure at once, and fits, for %s (cloudformation/A1)', async (_what, error) => {
    const goOn = () => Promise.reject(new Error('nothing is to go on'))
    const wait = () => Promise.reject(new Error('nothing is waited for'))
    await answerCloudFormation(asked('Create'), {
      now: () => 0,
      run: () => Promise.reject(error),
      wait,
      goOn,
    })
    expect(received).toMatchObject([{ Status: 'FAILED', Reason: expect.stringMatching(/^(no)+$/) }])
    expect(JSON.stringify(received[0]).length).toBeLessThan(4_096)
  })

  it.each([
    ['Update', 'FAILED'],
    ['Delete', 'SUCCESS'],
  ] as const)(
    '%s: a service that stays unavailable is asked again after a while, and not without end (cloudformation/A1, cloudformation/A3, cloudformation/A4)',
    async (type, Status) => {
      const runs: number[] = []
      let now = 0
      let next: Asked | undefined = asked(type)
      while (next) {
        const current: Asked = next
        next = undefined
        await answerCloudFormation(current, {
          now: () => now,
          run: () => {
            runs.push(now)
            return Promise.reject(new OrchestratorError('UnavailableError', 'throttled'))
          },
          wait: async (milliseconds) => {
            now += milliseconds
          },
          goOn: async (later) => {
            next = later
          },
        })
      }
      expect(received).toMatchObject([{ Status }])
      expect(runs.every((at, nth) => nth === 0 || at - (runs[nth - 1] ?? 0) >= 30_000)).toBe(true)
      expect(runs.length).toBeLessThanOrEqual(90)
      expect(runs.at(-1)).toBeGreaterThan(40 * MINUTE)
    },
  )

  it('is a failure when the next invocation cannot be started (cloudformation/A1)', async () => {
    const unfinished = new OrchestratorError('UnavailableError', 'not done')
    const goOn = () => Promise.reject(new Error('no invocation'))
    const run = () => Promise.reject(unfinished)
    await answerCloudFormation(asked('Create'), { now: () => 0, run, wait: async () => {}, goOn })
    expect(received).toMatchObject([{ Status: 'FAILED', Reason: 'no invocation' }])
  })
})
