import { describe, expect, it } from 'vitest'
import { Mapping, type MappingSettings } from '../../../local/lambda/event-sources/mapping.ts'
import type { Invocation } from '../../../local/lambda/function-settings.ts'
import { SqsService } from '../../../local/sqs/service.ts'
import { ManualClock, settle } from '../../support/cloud/manual-clock.ts'

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:f'
const BODY = { attributes: JSON.stringify({ own: {}, system: {}, senderId: 'me' }) }
type Event = { Records: { messageId: string; body: string; attributes: Record<string, string> }[] }

const ok: Invocation = { payload: 'null' }
const failed: Invocation = { functionError: { errorType: 'Error', errorMessage: 'no', trace: [] } }
const naming = (ids: unknown[]): Invocation => ({
  payload: JSON.stringify({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) }),
})

/** A queue and a mapping of it, whose function is `answer`. */
function mapped(
  answer: (event: Event, at: number) => Promise<Invocation> | Invocation,
  {
    fifo = false,
    authorize = () => undefined,
    ...more
  }: Partial<MappingSettings> & { fifo?: boolean; authorize?: () => void } = {},
) {
  const clock = new ManualClock()
  const sqs = new SqsService({ account: '000000000000', region: 'us-east-1', clock })
  const queue = sqs.put(fifo ? 'q.fifo' : 'q', fifo ? { FifoQueue: 'true' } : {})
  const calls: string[][] = []
  const log: string[] = []
  const settings: MappingSettings = {
    functionArn: ARN,
    queue,
    batchSize: 10,
    windowSeconds: 0,
    maximumConcurrency: 5,
    reportsFailures: true,
    filters: [],
    ...more,
  }
  const mapping = new Mapping(settings, {
    clock,
    region: 'us-east-1',
    async invoke(_arn, payload) {
      const event = JSON.parse(payload) as Event
      calls.push(event.Records.map(({ body }) => body))
      return answer(event, calls.length)
    },
    authorize,
    onLog: (_arn, text) => log.push(text),
  })
  let sent = 0
  const send = (body: string, group?: string): void => {
    sent += 1
    queue.send({ body, ...BODY, ...(fifo ? { group, deduplicationId: String(sent) } : {}) })
  }
  const left = () => [...queue.messages()].length
  return { clock, queue, mapping, calls, log, send, left }
}

describe('an event source mapping', () => {
  it('hands messages over as Lambda does, and deletes them when the function has succeeded (polled/E1)', async () => {
    const { send, calls, left, queue } = mapped((event) => {
      expect(event.Records[0]).toMatchObject({
        body: 'a',
        eventSource: 'aws:sqs',
        eventSourceARN: queue.arn,
        awsRegion: 'us-east-1',
        md5OfBody: '0cc175b9c0f1b6a831c399e269772661',
        attributes: { ApproximateReceiveCount: '1', SenderId: 'me' },
        messageAttributes: {},
      })
      return ok
    })
    send('a')
    await settle()
    expect(calls).toEqual([['a']])
    expect(left()).toBe(0)
  })

  it('sleeps without messages, and without a timer (polled/E3)', async () => {
    const { clock, calls, send } = mapped(() => ok)
    await clock.pass(86_400_000)
    expect({ timers: clock.timers, calls }).toEqual({ timers: 0, calls: [] })
    send('late')
    await settle()
    expect(calls).toEqual([['late']])
    // The end of a visibility that nobody needs any more.
    await clock.pass(30_000)
    expect({ timers: clock.timers, calls }).toEqual({ timers: 0, calls: [['late']] })
  })

  it.each([
    ['an error', failed],
    ['a wrong answer', { payload: '{"batchItemFailures": "all"}' }],
    ['an empty name', naming([''])],
    ['no name', naming([null])],
    ['an unknown name', naming(['somebody'])],
    ['no JSON', { payload: 'done!' }],
  ])('leaves the whole batch in the queue after %s (polled/E1)', async (_name, outcome) => {
    const { clock, send, calls, left, log } = mapped((_event, at) => (at === 1 ? outcome : ok))
    send('a')
    send('b')
    await settle()
    expect(left()).toBe(2)
    expect(log.join()).toContain('2 messages come again')
    await clock.pass(30_000)
    await settle()
    expect(calls.map((call) => call.sort())).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    expect(left()).toBe(0)
  })

  it.each([
    ['nothing', { payload: 'null' }],
    ['no answer', { payload: '' }],
    ['an empty object', { payload: '{}' }],
    ['an empty list', naming([])],
    ['null', { payload: '{"batchItemFailures": null}' }],
  ])('deletes the whole batch after %s (polled/E1)', async (_name, outcome) => {
    const { send, left } = mapped(() => outcome)
    send('a')
    send('b')
    await settle()
    expect(left()).toBe(0)
  })

  it('leaves the messages that the answer names, and no others (polled/E1)', async () => {
    const { send, calls, clock } = mapped(({ Records }, at) =>
      at === 1 ? naming(Records.filter(({ body }) => body === 'bad').map(({ messageId }) => messageId)) : ok,
    )
    for (const body of ['a', 'bad', 'b']) send(body)
    await clock.pass(30_000)
    await settle()
    expect(calls).toEqual([['a', 'bad', 'b'], ['bad']])
  })

  it('ignores the answer of a mapping that does not report failures', async () => {
    const { send, left } = mapped(() => naming(['somebody']), { reportsFailures: false })
    send('a')
    await settle()
    expect(left()).toBe(0)
  })

  it('keeps the order of a group that failed, and goes on with the others (polled/E4)', async () => {
    const { send, calls, clock, left } = mapped(
      ({ Records }, at) => {
        if (at > 1) return ok
        const first = Records.findIndex(({ body }) => body === 'a2')
        const ofGroup = Records.slice(first).filter(({ attributes }) => attributes.MessageGroupId === 'a')
        return naming(ofGroup.map(({ messageId }) => messageId))
      },
      { fifo: true },
    )
    for (const body of ['a1', 'a2', 'b1', 'a3']) send(body, body.slice(0, 1))
    await settle()
    send('a4', 'a')
    send('b2', 'b')
    await settle()
    expect(calls).toEqual([['a1', 'a2', 'a3', 'b1'], ['b2']])
    await clock.pass(30_000)
    await settle()
    expect(calls.at(-1)).toEqual(['a2', 'a3', 'a4'])
    expect(left()).toBe(0)
  })

  it('says when a function of a FIFO queue has not stopped at the first failure', async () => {
    const { send, log } = mapped(({ Records }) => naming([Records[0]?.messageId]), { fifo: true })
    send('1', 'g')
    send('2', 'g')
    await settle()
    expect(log.join()).toContain('must stop at the first failure')
  })

  it('runs as many invocations at once as it may, each with a full batch (polled/E2)', async () => {
    let [now, most] = [0, 0]
    const free: (() => void)[] = []
    const { send, calls, left } = mapped(
      async () => {
        now += 1
        most = Math.max(most, now)
        await new Promise<void>((resolve) => free.push(resolve))
        now -= 1
        return ok
      },
      { maximumConcurrency: 3, batchSize: 2 },
    )
    for (let at = 0; at < 12; at += 1) send(String(at))
    for (let round = 0; round < 4; round += 1) {
      await settle()
      expect(now).toBeLessThanOrEqual(3)
      for (const next of free.splice(0)) next()
    }
    await settle()
    expect({ most, sizes: calls.map(({ length }) => length), left: left() }).toEqual({
      most: 3,
      sizes: [2, 2, 2, 2, 2, 2],
      left: 0,
    })
  })

  it('takes turns among groups (polled/E4)', async () => {
    const { send, calls } = mapped(() => ok, { fifo: true, batchSize: 1, maximumConcurrency: 1 })
    for (const body of ['a1', 'a2', 'a3', 'b1', 'c1']) send(body, body.slice(0, 1))
    await settle()
    await settle()
    expect(calls.flat()).toEqual(['a1', 'b1', 'c1', 'a2', 'a3'])
  })

  it('collects a batch within its window', async () => {
    const { send, calls, clock } = mapped(() => ok, { windowSeconds: 5, batchSize: 100 })
    send('1')
    await clock.pass(2_000)
    send('2')
    await clock.pass(4_000)
    expect(calls).toEqual([['1', '2']])
  })

  it('deletes what no filter wants, without an invocation', async () => {
    const { send, calls, left } = mapped(() => ok, { filters: [{ body: { kind: ['order'] } }] })
    for (const body of ['{"kind": "order"}', '{"kind": "other"}', 'order']) send(body)
    await settle()
    expect(calls).toEqual([['{"kind": "order"}']])
    expect(left()).toBe(0)
  })

  it('begins nothing after a stop, and still deletes what was under way (polled/E5)', async () => {
    let end: (() => void) | undefined
    const { send, calls, mapping, left } = mapped(async () => {
      await new Promise<void>((resolve) => {
        end = resolve
      })
      return ok
    })
    send('1')
    await settle()
    mapping.stop()
    send('2')
    end?.()
    await settle()
    expect(calls).toEqual([['1']])
    expect(left()).toBe(1)
  })

  it('waits while the role of the function may not receive, and says so', async () => {
    let allowed = false
    const { send, calls, clock, log } = mapped(() => ok, {
      authorize() {
        if (!allowed) throw new Error('f is not authorized to perform: sqs:ReceiveMessage')
      },
    })
    send('1')
    await clock.pass(90_000)
    expect(calls).toEqual([])
    expect(log[0]).toContain('not authorized')
    allowed = true
    await clock.pass(60_000)
    expect(calls).toEqual([['1']])
  })
})
