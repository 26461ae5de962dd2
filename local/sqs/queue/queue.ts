/**
 * One queue: which messages it has, who may receive them next, and what it remembers. Everything is stored before it is answered.
 *
 * Invariants (tests cite them):
 * sqs/Q1 a message that was accepted is there until it is deleted, purged, moved or older than the retention, also after `kill -9`
 * sqs/Q2 a message that was received is received by nobody else before its visibility ends
 * sqs/Q3 the messages of a group are received in the order in which they were sent; none while an earlier one is in flight
 * sqs/Q4 a FIFO queue accepts a message once in five minutes, by id or by content, also after a restart and when it was deleted
 * sqs/Q5 a message that was received as often as the redrive policy allows goes to the dead-letter queue, not to a receiver
 * sqs/Q6 only the last receipt deletes a message or changes its visibility; in a FIFO queue, only while the message is in flight
 * sqs/Q7 what a part of the local cloud held when that died is visible again at once
 */
import { Deduplication } from './deduplication.ts'
import { checkVisibility, invalidValue, notInFlight } from './errors.ts'
import { type Lane, Lanes } from './lanes.ts'
import {
  asDeadLetter,
  asFound,
  asSent,
  type Draft,
  type Received,
  receiptAt,
  type Sent,
  type Wanted,
} from './message.ts'
import { handleOf, readHandle } from './receipt-handle.ts'
import { deadLettersFor } from './redrive.ts'
import { type QueueSettings, readSettings } from './settings.ts'
import type { Message, QueueStore, StoredQueue } from './store.ts'

/** AWS's maximum of messages in flight in a queue. */
const MOST_IN_FLIGHT = 120_000
const SWEEP_MILLISECONDS = 60_000

type Surroundings = {
  arn: string
  store: QueueStore
  now: () => number
  /** The queue with this ARN, if there is one. */
  find: (arn: string) => Queue | undefined
}

export class Queue {
  readonly name: string
  readonly arn: string
  readonly now: () => number
  readonly #surroundings: Surroundings
  readonly #lanes: Lanes
  readonly #deduplication: Deduplication
  #stored: StoredQueue
  #settings: QueueSettings
  #sweptAt = 0

  /** Reads the messages that the store has of the queue. Throws for attributes that SQS would refuse. */
  constructor(stored: StoredQueue, surroundings: Surroundings) {
    this.name = stored.name
    this.arn = surroundings.arn
    this.now = surroundings.now
    this.#stored = stored
    this.#settings = readSettings(stored.name, stored.attributes)
    this.#surroundings = surroundings
    const { fifo } = this.#settings
    this.#lanes = new Lanes(({ group, sequence }) => String(fifo ? group : sequence))
    const now = surroundings.now()
    this.#lanes.advance(now)
    for (const message of surroundings.store.load(stored.name)) this.#lanes.add(asFound(message, now))
    this.#deduplication = new Deduplication(stored.name, surroundings.store)
  }

  get settings(): QueueSettings {
    return this.#settings
  }

  get stored(): StoredQueue {
    return this.#stored
  }

  /** Replaces attributes. Throws for those that SQS would refuse, and then changes nothing. */
  setAttributes(attributes: Record<string, string>): void {
    const stored = { ...this.#stored, attributes, modifiedAt: this.now() }
    const settings = readSettings(stored.name, attributes)
    this.#surroundings.store.putQueue(stored)
    this.#stored = stored
    this.#settings = settings
  }

  /** All messages that there are now. */
  messages(): Iterable<Readonly<Message>> {
    const now = this.now()
    this.#lanes.advance(now)
    this.#sweep(now)
    return this.#lanes.all()
  }

  /** Accepts a message, or finds that it is a repetition of one (sqs/Q4). */
  send(draft: Draft): Sent {
    const [{ store }, now] = [this.#surroundings, this.now()]
    const repeated = this.#deduplication.find(draft, this.#settings, now)
    if (repeated) return repeated
    const delaySeconds = draft.delaySeconds ?? this.#settings.delay
    const deduplicationId = this.#deduplication.idOf(draft, this.#settings)
    const fresh = asSent(now, { ...draft, delaySeconds, deduplicationId })
    const [message, remembered] = store.transaction(() => {
      const inserted = store.insert(this.name, fresh, draft)
      return [inserted, this.#deduplication.store(draft, this.#settings, { ...inserted, now })]
    })
    remembered()
    this.#admit(message, now)
    return { id: message.id, sequence: message.sequence }
  }

  /** What can be received now, at most as many as wanted. */
  receive({ most, mostBytes = Number.POSITIVE_INFINITY, visibility, inside = false }: Wanted): Received[] {
    const seconds = visibility ?? this.#settings.visibilityTimeout
    const [{ store }, now] = [this.#surroundings, this.now()]
    this.#sweep(now)
    const mostNow = Math.min(most, MOST_IN_FLIGHT - this.#lanes.inFlight)
    const received: Received[] = []
    const lanes: Lane[] = []
    /** What becomes of the messages, once it is stored. */
    const effects: (() => void)[] = []
    let bytes = 0
    const isFull = (): boolean => received.length >= mostNow || bytes >= mostBytes
    store.transaction(() => {
      for (const lane of this.#lanes.readyAt(now)) {
        if (isFull()) break
        lanes.push(lane)
        for (const message of lane.messages) {
          if (isFull() || message.visibleAt > now) break
          const deadLetters = deadLettersFor(message, this, this.#surroundings.find)
          if (deadLetters) effects.push(this.#moveAway(message, deadLetters, now))
          else {
            const changes = receiptAt(now, message, { visibleAt: now + seconds * 1000, inside })
            const next = { ...message, ...changes }
            store.update(next)
            effects.push(() => this.#lanes.change(message, changes))
            const content = store.contentOf(next.sequence)
            bytes += Buffer.byteLength(content.body)
            received.push({ message: next, handle: handleOf(this.name, next), ...content })
          }
        }
      }
    })
    for (const effect of effects) effect()
    for (const lane of lanes) this.#lanes.passTurn(lane)
    return received
  }

  /** A message that is gone already is no error. Throws for a handle that is none of this queue (sqs/Q6). */
  remove(handle: string): void {
    const { message, receipt } = this.#messageOf(handle)
    if (!message) return
    const isLast = message.receipt === receipt
    if (this.#settings.fifo && !(isLast && message.inFlight))
      throw invalidValue('ReceiptHandle', handle, 'The receipt handle has expired.')
    if (!isLast) return
    this.#surroundings.store.remove(message.sequence)
    this.#lanes.remove(message)
  }

  /** Seconds from now; 0 makes the message visible at once (sqs/Q6). */
  changeVisibility(handle: string, seconds: number): void {
    const { message, receipt } = this.#messageOf(handle)
    if (!message) {
      const reason = 'Message does not exist or is not available for visibility timeout change.'
      throw invalidValue('ReceiptHandle', handle, reason)
    }
    if (message.receipt !== receipt || !message.inFlight) throw notInFlight()
    const now = this.now()
    const visibleAt = now + seconds * 1000
    checkVisibility(seconds, visibleAt - (message.receivedAt ?? now))
    const changes = { visibleAt, inFlight: seconds > 0 }
    this.#surroundings.store.update({ ...message, ...changes })
    this.#lanes.change(message, changes)
  }

  /** Deletes all messages. */
  clear(): void {
    this.#surroundings.store.removeAll(this.name)
    this.#lanes.clear()
  }

  /** Moves one message to another queue, or to the one that it is a dead letter of, as a new message; false when there is none to move. */
  moveOne(targetOf: (sourceArn: string | undefined) => Queue): boolean {
    const now = this.now()
    const [lane] = this.#lanes.readyAt(now)
    const [message] = lane?.messages ?? []
    if (!message) return false
    const target = targetOf(message.sourceArn)
    const { store } = this.#surroundings
    const moved = store.transaction(() => {
      const inserted = store.insert(target.name, asSent(now, message), store.contentOf(message.sequence))
      store.remove(message.sequence)
      return inserted
    })
    this.#lanes.remove(message)
    target.#admit(moved, now)
    return true
  }

  /** When to look next: now, if something can be received; the time of the next change; undefined for never. */
  lookAt(): number | undefined {
    const now = this.now()
    return this.#lanes.hasReady(now) ? now : this.#lanes.nextAt()
  }

  /** Calls back when a message can be received that could not; returns what ends that. */
  onReady(listener: () => void): () => void {
    return this.#lanes.onReady(listener)
  }

  #admit(message: Message, now: number): void {
    this.#lanes.advance(now)
    this.#lanes.add(message)
  }

  #messageOf(handle: string): { message: Message | undefined; receipt: string } {
    const { sequence, receipt } = readHandle(this.name, handle)
    this.#lanes.advance(this.now())
    return { message: this.#lanes.get(sequence), receipt }
  }

  #moveAway(message: Message, target: Queue, now: number): () => void {
    const { store } = this.#surroundings
    const letter = asDeadLetter(message, { now, sourceArn: this.arn, fifo: this.#settings.fifo })
    const moved = store.insert(target.name, letter, store.contentOf(message.sequence))
    store.remove(message.sequence)
    return () => {
      this.#lanes.remove(message)
      target.#admit(moved, now)
    }
  }

  /** Drops messages that are older than the retention, from time to time. */
  #sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_MILLISECONDS) return
    this.#sweptAt = now
    const oldest = now - this.#settings.retention * 1000
    for (const message of [...this.#lanes.all()].filter(({ sentAt }) => sentAt <= oldest)) {
      this.#surroundings.store.remove(message.sequence)
      this.#lanes.remove(message)
    }
  }
}
