import { AwsError } from '../aws/errors.ts'
import { type EngineClock, realClock } from '../stepfunctions/run/clock.ts'
import { MoveTasks } from './move-tasks.ts'
import { lets, type QueueStatement } from './policy.ts'
import type { Received, Wanted } from './queue/message.ts'
import { Queue } from './queue/queue.ts'
import { readSettings } from './queue/settings.ts'
import { QueueStore, type StoredQueue } from './queue/store.ts'
import { waitForMessage } from './queue/wait.ts'

type Options = {
  account: string
  region: string
  /** The file with queues and messages; in memory by default. */
  file?: string | undefined
  clock?: EngineClock
}
type Attributes = Record<string, string>

const PURGE_MILLISECONDS = 60_000

/** The queues of the local cloud: SQS without its wire protocol. */
export class SqsService {
  readonly clock: EngineClock
  readonly moveTasks: MoveTasks
  readonly #place: { account: string; region: string }
  readonly #store: QueueStore
  readonly #queues = new Map<string, Queue>()
  readonly #purgedAt = new Map<string, number>()
  /** By the resource of the template. */
  readonly #policies = new Map<string, { queues: readonly string[]; statements: readonly QueueStatement[] }>()
  readonly #stopping = new AbortController()

  /** Reads the queues with their messages from the file. Throws when it cannot be used. */
  constructor({ account, region, file = ':memory:', clock = realClock }: Options) {
    this.clock = clock
    this.#place = { account, region }
    this.#store = new QueueStore(file)
    for (const stored of this.#store.queues()) this.#open(stored)
    this.moveTasks = new MoveTasks({ clock, signal: this.#stopping.signal, queues: () => this.list() })
  }

  arnOf(name: string): string {
    return `arn:aws:sqs:${this.#place.region}:${this.#place.account}:${name}`
  }

  /** A queue of a template: new, or with these attributes from now on. */
  put(name: string, attributes: Attributes): Queue {
    const known = this.#queues.get(name)
    known?.setAttributes(attributes)
    return known ?? this.#make(name, attributes)
  }

  /** CreateQueue: a queue with the same attributes is no error. */
  create(name: string, attributes: Attributes): Queue {
    const known = this.#queues.get(name)
    if (!known) return this.#make(name, attributes)
    const { attributes: own } = known.stored
    const other = Object.entries(attributes).find(([key, value]) => own[key] !== value)
    if (!other) return known
    throw new AwsError(
      'QueueNameExists',
      `A queue ${name} exists already, with another value for attribute ${other[0]}`,
    )
  }

  get(name: string): Queue {
    const found = this.#queues.get(name)
    if (found) return found
    throw new AwsError('QueueDoesNotExist', `The specified queue does not exist: ${name.slice(0, 100)}`)
  }

  /** By URL, whose last part is the name, whatever the port was when it was handed out; or by ARN. */
  at(address: string): Queue {
    return this.get(address.split(/[/:]/).at(-1) ?? '')
  }

  findByArn(arn: string): Queue | undefined {
    const found = this.#queues.get(arn.split(':').at(-1) ?? '')
    return found?.arn === arn ? found : undefined
  }

  /** By name. */
  list(prefix = ''): Queue[] {
    return [...this.#queues.values()]
      .filter(({ name }) => name.startsWith(prefix))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  remove(name: string): void {
    this.#store.removeQueue(this.get(name).name)
    this.#queues.delete(name)
  }

  /** Deletes all messages of a queue; at most once a minute, as in AWS. */
  purge(queue: Queue): void {
    const now = this.clock.now()
    const before = this.#purgedAt.get(queue.name)
    if (before !== undefined && now - before < PURGE_MILLISECONDS) {
      const message = `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`
      throw new AwsError('PurgeQueueInProgress', message, 403)
    }
    queue.clear()
    this.#purgedAt.set(queue.name, now)
  }

  /** Waits up to `waitSeconds` for the first message. */
  async receive(queue: Queue, wanted: Wanted, waitSeconds: number): Promise<Received[]> {
    const until = this.clock.now() + waitSeconds * 1000
    const { signal } = this.#stopping
    for (;;) {
      const received = queue.receive(wanted)
      if (received.length > 0 || signal.aborted || this.clock.now() >= until) return received
      await waitForMessage(queue, this.clock, { until, signal })
    }
  }

  /** A policy of a template, which replaces its former self. */
  putPolicy(id: string, queues: readonly string[], statements: readonly QueueStatement[]): void {
    this.#policies.set(id, { queues, statements })
  }

  /** Whether the queue's policy lets a service of AWS send messages to it, on behalf of one of the service's resources. */
  mayServiceSend(queueArn: string, service: string, sourceArn: string): boolean {
    const name = queueArn.split(':').at(-1) ?? ''
    const all = [...this.#policies.values()].filter(({ queues }) => queues.includes(name))
    const statements = all.flatMap((policy) => policy.statements)
    return lets(statements, { service, sourceArn, queueArn, account: this.#place.account })
  }

  /** Ends all waiting for messages. */
  stop(): void {
    this.#stopping.abort()
  }

  /** To be called when nothing can use the queues any more. */
  close(): void {
    this.stop()
    this.#store.close()
  }

  #make(name: string, attributes: Attributes): Queue {
    if (!/^[\w-]{1,80}$|^[\w-]{1,75}\.fifo$/.test(name))
      throw new AwsError(
        'InvalidParameterValueException',
        `The queue name ${name.slice(0, 100)} is not valid: it can have letters, digits, hyphens and underscores, 1 to 80, with .fifo at its end for a FIFO queue`,
      )
    readSettings(name, attributes)
    const now = this.clock.now()
    const stored = { name, attributes, createdAt: now, modifiedAt: now }
    this.#store.putQueue(stored)
    return this.#open(stored)
  }

  #open(stored: StoredQueue): Queue {
    const queue = new Queue(stored, {
      arn: this.arnOf(stored.name),
      store: this.#store,
      now: () => this.clock.now(),
      find: (arn) => this.findByArn(arn),
    })
    this.#queues.set(stored.name, queue)
    return queue
  }
}
