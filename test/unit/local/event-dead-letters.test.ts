import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { attributesOf, type DeadLetter, DeliveryFailed } from '../../../local/events/dead-letter.ts'
import { EventsService } from '../../../local/events/service.ts'

const RULE = 'arn:aws:events:r:1:rule/R'
const TARGET = 'arn:aws:lambda:r:1:function:f'
const QUEUE = 'arn:aws:sqs:r:1:dead'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Publishes one event to a rule whose target fails so; what lands in the queue, and how often the target was asked. */
async function published(failures: readonly (Error | undefined)[], maximumRetryAttempts: number) {
  let tries = 0
  const letters: [queue: string | undefined, letter: DeadLetter][] = []
  const events = new EventsService({
    account: '1',
    region: 'r',
    async deliver() {
      tries += 1
      const failure = failures[tries - 1]
      if (failure) throw failure
    },
    deadLetter: (...letter) => void letters.push(letter),
  })
  const targets = [{ arn: TARGET, maximumRetryAttempts, deadLetterArn: QUEUE }]
  events.putRule({ name: 'R', arn: RULE, bus: 'default', pattern: { source: ['aws.states'] }, targets })
  const publishing = events.publishAws('aws.states', 'ended', { n: 1 })
  await vi.runAllTimersAsync()
  await publishing
  return { tries, letters }
}
const textsOf = (letter: DeadLetter | undefined) =>
  letter &&
  Object.fromEntries(
    Object.entries(attributesOf(letter)).map(([name, { StringValue }]) => [name, StringValue]),
  )

describe('an event that its target does not take', () => {
  it('is a dead letter after the retries of its rule, and says so', async () => {
    const failure = new Error('no')
    const { tries, letters } = await published([failure, failure, failure], 2)
    const [[queue, letter] = []] = letters
    expect({ tries, queue }).toEqual({ tries: 3, queue: QUEUE })
    expect(letter?.event).toMatchObject({ source: 'aws.states', detail: { n: 1 } })
    expect(textsOf(letter)).toEqual({
      RULE_ARN: RULE,
      TARGET_ARN: TARGET,
      ERROR_CODE: 'ERROR_FROM_TARGET',
      ERROR_MESSAGE: 'no',
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      RETRY_ATTEMPTS: '2',
    })
  })

  it.each(['NO_PERMISSIONS', 'NO_RESOURCE'] as const)('is one at once for %s', async (code) => {
    const { tries, letters } = await published([new DeliveryFailed(code, 'not so')], 2)
    expect({ tries, letters: letters.length }).toEqual({ tries: 1, letters: 1 })
    expect(textsOf(letters[0]?.[1])).toEqual({
      RULE_ARN: RULE,
      TARGET_ARN: TARGET,
      ERROR_CODE: code,
      ERROR_MESSAGE: 'not so',
    })
  })

  it('is none if a retry succeeds', async () => {
    expect(await published([new Error('no'), undefined], 2)).toEqual({ tries: 2, letters: [] })
  })
})
