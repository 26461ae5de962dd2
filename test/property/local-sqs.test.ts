/**
 * Random use of a queue, with crashes, against a reference that knows only what each message is and when it is visible.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { Received } from '../../local/sqs/queue/message.ts'
import type { Queue } from '../../local/sqs/queue/queue.ts'
import { SqsService } from '../../local/sqs/service.ts'

const PLACE = { account: '000000000000', region: 'us-east-1' }
const VISIBILITY = 30
const MOST_RECEIVED = 2
const FIVE_MINUTES = 300_000
const folder = mkdtempSync(join(tmpdir(), 'sqs-model-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Known = {
  id: string
  place: number
  group: string
  body: string
  count: number
  visibleAt: number
  held: 'no' | 'outside' | 'inside'
  handle: string
  where: 'queue' | 'dead letters' | 'deleted'
}
type Model = { messages: Known[]; sent: Map<string, { id: string; until: number }> }
type Real = {
  fifo: boolean
  time: number
  sqs: SqsService
  file: string
  queue: () => Queue
  deadLetters: () => Queue
}
type Command = fc.Command<Model, Real>

let files = 0

function open(fifo: boolean): Real {
  files += 1
  const real: Real = {
    fifo,
    time: Date.UTC(2026, 0, 1),
    file: join(folder, `${files}.sqlite`),
    sqs: undefined as never,
    queue: () => real.sqs.get(fifo ? 'q.fifo' : 'q'),
    deadLetters: () => real.sqs.get(fifo ? 'dead.fifo' : 'dead'),
  }
  start(real)
  return real
}

function start(real: Real): void {
  const clock = { now: () => real.time, sleep: () => new Promise<void>(() => undefined) }
  real.sqs = new SqsService({ ...PLACE, file: real.file, clock })
  const kind: Record<string, string> = real.fifo ? { FifoQueue: 'true' } : {}
  const { arn } = real.sqs.put(real.fifo ? 'dead.fifo' : 'dead', kind)
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: MOST_RECEIVED })
  real.sqs.put(real.fifo ? 'q.fifo' : 'q', { ...kind, RedrivePolicy, VisibilityTimeout: String(VISIBILITY) })
}

const isHeld = ({ held, visibleAt }: Known, now: number): boolean => held !== 'no' && visibleAt > now
const inQueue = ({ messages }: Model): Known[] => messages.filter(({ where }) => where === 'queue')

/** Whether it may be received, if those before it in its group are as well. */
function isReceivable(model: Model, message: Known, { fifo, time }: Real): boolean {
  if (message.visibleAt > time) return false
  if (!fifo) return true
  return !inQueue(model).some(
    (other) =>
      other.group === message.group &&
      (isHeld(other, time) || (other.place < message.place && other.visibleAt > time)),
  )
}

class Send implements Command {
  readonly group: string
  readonly key: string
  readonly delay: number
  constructor(group: string, key: string, delay: number) {
    this.group = group
    this.key = key
    this.delay = delay
  }
  check = () => true
  run(model: Model, real: Real): void {
    const own = real.fifo ? { group: this.group, deduplicationId: this.key } : { delaySeconds: this.delay }
    const body = `${this.group}${this.key}`
    const { id } = real.queue().send({ body, attributes: '{}', ...own })
    const known = real.fifo ? model.sent.get(this.key) : undefined
    if (known && known.until > real.time) return expect(id).toBe(known.id)
    expect(model.messages.map((one) => one.id)).not.toContain(id)
    model.sent.set(this.key, { id, until: real.time + FIVE_MINUTES })
    model.messages.push({
      ...{ id, body, group: this.group, place: model.messages.length, count: 0, handle: '' },
      ...{ held: 'no', where: 'queue' },
      visibleAt: real.time + (real.fifo ? 0 : this.delay * 1000),
    })
  }
  toString = () => `send(${this.group}, ${this.key}, ${this.delay})`
}

class Receive implements Command {
  readonly most: number
  readonly visibility: number
  readonly inside: boolean
  constructor(most: number, visibility: number, inside: boolean) {
    this.most = most
    this.visibility = visibility
    this.inside = inside
  }
  check = () => true
  run(model: Model, real: Real): void {
    const receivable = inQueue(model).filter((message) => isReceivable(model, message, real))
    const received = real
      .queue()
      .receive({ most: this.most, visibility: this.visibility, inside: this.inside })
    expect(received.length).toBeLessThanOrEqual(this.most)
    this.#settleDeadLetters(receivable, real)
    for (const one of received) this.#settle(receivable, one, real)
    const left = receivable.filter(({ where, handle }) => where === 'queue' && !taken(received, handle))
    if (received.length < this.most) expect(left).toEqual([])
    // In a group nothing may be left out between.
    for (const { group, place } of real.fifo ? left : [])
      for (const later of receivable.filter((one) => one.group === group && one.place > place))
        expect(taken(received, later.handle)).toBe(false)
  }
  #settle(receivable: Known[], { message, handle, body }: Received, real: Real): void {
    const known = receivable.find(({ id }) => id === message.id)
    expect(known, 'a message that was not to be received').toBeDefined()
    if (!known) return
    expect({ body, count: message.receiveCount }).toEqual({ body: known.body, count: known.count + 1 })
    expect(known.count).toBeLessThan(MOST_RECEIVED)
    known.count += 1
    known.handle = handle
    known.visibleAt = real.time + this.visibility * 1000
    known.held = this.visibility === 0 ? 'no' : this.inside ? 'inside' : 'outside'
  }
  #settleDeadLetters(receivable: Known[], real: Real): void {
    const there = new Set([...real.deadLetters().messages()].map(({ id }) => id))
    for (const known of receivable) {
      if (!there.has(known.id)) continue
      expect(known.count).toBeGreaterThanOrEqual(MOST_RECEIVED)
      known.where = 'dead letters'
    }
  }
  toString = () => `receive(${this.most}, ${this.visibility}, ${this.inside})`
}

const taken = (received: Received[], handle: string): boolean => received.some((one) => one.handle === handle)

class Delete implements Command {
  readonly which: number
  constructor(which: number) {
    this.which = which
  }
  check = ({ messages }: Readonly<Model>) => messages.some(({ handle }) => handle !== '')
  run(model: Model, real: Real): void {
    const known = chosen(model, this.which)
    const isGone = known.where !== 'queue'
    const expired = !isGone && real.fifo && !isHeld(known, real.time)
    const work = (): void => real.queue().remove(known.handle)
    if (expired) return expect(work).toThrow('The receipt handle has expired')
    work()
    if (!isGone) known.where = 'deleted'
  }
  toString = () => `delete(${this.which})`
}

class ChangeVisibility implements Command {
  readonly which: number
  readonly seconds: number
  constructor(which: number, seconds: number) {
    this.which = which
    this.seconds = seconds
  }
  check = ({ messages }: Readonly<Model>) => messages.some(({ handle }) => handle !== '')
  run(model: Model, real: Real): void {
    const known = chosen(model, this.which)
    const work = (): void => real.queue().changeVisibility(known.handle, this.seconds)
    if (known.where !== 'queue') return expect(work).toThrow('Message does not exist')
    if (!isHeld(known, real.time)) return expect(work).toThrow('not in flight')
    work()
    known.visibleAt = real.time + this.seconds * 1000
    if (this.seconds === 0) known.held = 'no'
  }
  toString = () => `changeVisibility(${this.which}, ${this.seconds})`
}

function chosen({ messages }: Model, which: number): Known {
  const all = messages.filter(({ handle }) => handle !== '')
  return all[which % all.length] as Known
}

class Pass implements Command {
  readonly seconds: number
  constructor(seconds: number) {
    this.seconds = seconds
  }
  check = () => true
  run(_model: Model, real: Real): void {
    real.time += this.seconds * 1000
  }
  toString = () => `pass(${this.seconds})`
}

/** The process dies, and another opens its file. */
class Crash implements Command {
  check = () => true
  run(model: Model, real: Real): void {
    start(real)
    for (const known of inQueue(model)) {
      if (known.held !== 'inside' || known.visibleAt <= real.time) continue
      known.held = 'no'
      known.visibleAt = real.time
    }
  }
  toString = () => 'crash'
}

const seconds = fc.constantFrom(0, 10, VISIBILITY, VISIBILITY)
const commands = fc.commands(
  [
    fc
      .tuple(fc.constantFrom('a', 'b'), fc.nat(12), fc.constantFrom(0, 0, 5))
      .map(([group, key, delay]) => new Send(group, String(key), delay)),
    fc
      .tuple(fc.integer({ min: 1, max: 10 }), seconds, fc.boolean())
      .map(([most, visibility, inside]) => new Receive(most, visibility, inside)),
    fc.nat(20).map((which) => new Delete(which)),
    fc.tuple(fc.nat(20), seconds).map(([which, wanted]) => new ChangeVisibility(which, wanted)),
    fc.constantFrom(1, 10, VISIBILITY, 299, 300).map((passed) => new Pass(passed)),
    fc.constant(new Crash()),
  ],
  { maxCommands: 100, size: 'max' },
)

describe.each([
  ['standard', false],
  ['FIFO', true],
])('a %s queue', (_kind, fifo) => {
  it('loses nothing, keeps order, and gives no message to two (sqs/Q1, sqs/Q2, sqs/Q3, sqs/Q4, sqs/Q5, sqs/Q6, sqs/Q7)', () => {
    fc.assert(
      fc.property(commands, (given) => {
        const real = open(fifo)
        const model: Model = { messages: [], sent: new Map() }
        fc.modelRun(() => ({ model, real }), given)
        const there = [...real.queue().messages()].map(({ id }) => id)
        expect(new Set(there)).toEqual(new Set(inQueue(model).map(({ id }) => id)))
        real.sqs.close()
      }),
      { numRuns: 300 },
    )
  })
})
