/**
 * Takes messages from a queue to a function, as Lambda's pollers do.
 *
 * Invariants (tests cite them):
 * polled/E1 a message is deleted only when the function has succeeded with it: an error, a timeout or an answer that cannot be read leaves
 *    the whole batch, `batchItemFailures` leave those that it names
 * polled/E2 at most as many invocations run at once as the mapping allows
 * polled/E3 without messages nothing runs: no timer, no sandbox
 * polled/E4 of a FIFO queue no message begins while an earlier one of its group is under way
 * polled/E5 after `stop` no invocation begins; those under way end, and their answers count
 */
import { createHash } from 'node:crypto'
import { matchesPattern, type Pattern } from '../../events/match-pattern.ts'
import type { Received } from '../../sqs/queue/message.ts'
import type { Queue } from '../../sqs/queue/queue.ts'
import { waitForMessage } from '../../sqs/queue/wait.ts'
import type { EngineClock } from '../../stepfunctions/run/clock.ts'
import type { Invocation } from '../function-settings.ts'
import { failuresIn } from './batch-answer.ts'
import { filterableOf, recordOf } from './record.ts'

export type MappingSettings = {
  functionArn: string
  queue: Queue
  batchSize: number
  /** How long a batch is collected. */
  windowSeconds: number
  maximumConcurrency: number
  /** Whether the answer names the messages that failed. */
  reportsFailures: boolean
  /** A message must match one of them, if there are any. */
  filters: readonly Pattern[]
}

type Surroundings = {
  clock: EngineClock
  region: string
  /** `key` identifies the batch across restarts. */
  invoke: (functionArn: string, payload: string, key: string) => Promise<Invocation>
  /** Throws when the function's role may not receive from the queue. */
  authorize: (functionArn: string, queueArn: string) => void
  onLog: (functionArn: string, text: string) => void
}

/** SQS's maximum of messages in a receipt. */
const MOST_RECEIVED = 10
/** An event has at most 6 MB, and one more message up to 1 MB. */
const MOST_BYTES = 4.5 * 1024 * 1024
const REFUSED_MILLISECONDS = 60_000
const PAUSE_MILLISECONDS = 1_000

export class Mapping {
  readonly #settings: MappingSettings
  readonly #surroundings: Surroundings
  readonly #stopping = new AbortController()
  readonly #running = new Set<Promise<void>>()

  constructor(settings: MappingSettings, surroundings: Surroundings) {
    this.#settings = settings
    this.#surroundings = surroundings
    void this.#poll()
  }

  /** Begins no invocation any more. */
  stop(): void {
    this.#stopping.abort()
  }

  async #poll(): Promise<void> {
    const { queue, maximumConcurrency } = this.#settings
    const { clock } = this.#surroundings
    const { signal } = this.#stopping
    while (!signal.aborted) {
      if (this.#running.size >= maximumConcurrency) {
        await Promise.race(this.#running)
        continue
      }
      await waitForMessage(queue, clock, { signal })
      if (signal.aborted || !(await this.#isAllowed())) continue
      const batch = await this.#collect()
      if (batch.length === 0) await this.#pause()
      else this.#begin(batch)
    }
  }

  #begin(batch: readonly Received[]): void {
    const running = this.#handle(batch).catch((error: Error) => this.#tell(error.message))
    this.#running.add(running)
    void running.then(() => this.#running.delete(running))
  }

  /** What is there, up to a batch; with a window, also what comes within it. */
  async #collect(): Promise<Received[]> {
    const { queue, batchSize, windowSeconds } = this.#settings
    const { clock } = this.#surroundings
    const { signal } = this.#stopping
    const until = clock.now() + windowSeconds * 1000
    const batch: Received[] = []
    let bytes = 0
    for (;;) {
      const most = Math.min(MOST_RECEIVED, batchSize - batch.length)
      const more = queue.receive({ most, mostBytes: MOST_BYTES - bytes, inside: true })
      batch.push(...more)
      bytes = batch.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0)
      const isFull = batch.length >= batchSize || bytes >= MOST_BYTES
      if (isFull || batch.length === 0 || clock.now() >= until || signal.aborted) return batch
      if (more.length < most) await waitForMessage(queue, clock, { until, signal })
    }
  }

  async #handle(received: readonly Received[]): Promise<void> {
    const { functionArn, queue, filters, reportsFailures } = this.#settings
    const { region, invoke } = this.#surroundings
    const records = received.map((one) => ({ one, record: recordOf(one, { arn: queue.arn, region }) }))
    const passes = ({ record }: (typeof records)[number]): boolean =>
      filters.length === 0 || filters.some((pattern) => matchesPattern(pattern, filterableOf(record)))
    const [wanted, others] = [records.filter(passes), records.filter((one) => !passes(one))]
    this.#delete(others.map(({ one }) => one))
    if (wanted.length === 0) return
    const Records = wanted.map(({ record }) => record)
    const key = createHash('sha256').update(Records.map(({ messageId }) => messageId).join(' '))
    const outcome = await invoke(
      functionArn,
      JSON.stringify({ Records }),
      `${functionArn} ${key.digest('base64url')}`,
    )
    const failures = failuresIn(outcome, {
      ids: Records.map(({ messageId }) => messageId),
      reportsFailures,
    })
    if (failures.reason !== undefined) this.#tell(failures.reason)
    const failed = wanted.filter(({ record }) => failures.ids.has(record.messageId))
    const done = wanted.filter(({ record }) => !failures.ids.has(record.messageId))
    const jumped = done.find(({ one }) =>
      this.#isBehindFailed(
        one,
        failed.map((each) => each.one),
      ),
    )
    if (jumped)
      this.#tell(
        `message ${jumped.one.message.id} is deleted although an earlier one of its group failed: a function of a FIFO queue must stop at the first failure, and name all that follow`,
      )
    this.#delete(done.map(({ one }) => one))
  }

  #isBehindFailed({ message: { group, sequence } }: Received, failed: readonly Received[]): boolean {
    const { fifo } = this.#settings.queue.settings
    return fifo && failed.some(({ message }) => message.group === group && message.sequence < sequence)
  }

  /** A receipt that has ended meanwhile is told: the message comes again. */
  #delete(received: readonly Received[]): void {
    for (const { handle, message } of received) {
      try {
        this.#settings.queue.remove(handle)
      } catch (error) {
        this.#tell(`message ${message.id} could not be deleted: ${(error as Error).message}`)
      }
    }
  }

  async #isAllowed(): Promise<boolean> {
    const { functionArn, queue } = this.#settings
    try {
      this.#surroundings.authorize(functionArn, queue.arn)
      return true
    } catch (error) {
      this.#tell(`${(error as Error).message}; its messages wait`)
      await this.#sleep(REFUSED_MILLISECONDS)
      return false
    }
  }

  /** What was ready went elsewhere, or too much is in flight. */
  async #pause(): Promise<void> {
    const { queue } = this.#settings
    const { clock } = this.#surroundings
    if ((queue.lookAt() ?? Number.POSITIVE_INFINITY) <= clock.now()) await this.#sleep(PAUSE_MILLISECONDS)
  }

  #sleep(milliseconds: number): Promise<void> {
    return this.#surroundings.clock.sleep(milliseconds, this.#stopping.signal).catch(() => undefined)
  }

  #tell(text: string): void {
    this.#surroundings.onLog(this.#settings.functionArn, `${this.#settings.queue.name}: ${text}\n`)
  }
}
