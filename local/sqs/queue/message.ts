import { randomBytes, randomUUID } from 'node:crypto'
import type { Content, Message } from './store.ts'

export type Draft = Content & {
  group?: string | undefined
  deduplicationId?: string | undefined
  /** The queue's own delay by default. */
  delaySeconds?: number | undefined
}
export type Sent = { id: string; sequence: number }
export type Received = Content & { message: Readonly<Message>; handle: string }
export type Wanted = {
  most: number
  /** No further message once the bodies have so many bytes. */
  mostBytes?: number
  /** Seconds; the queue's own by default. */
  visibility?: number | undefined
  /** The receiver is a part of the local cloud, and dies with it (sqs/Q7). */
  inside?: boolean
}

type Unstored = Omit<Message, 'sequence'>

/** A message as it is when it has just been sent, or sent again from a dead-letter queue. */
export function asSent(
  now: number,
  {
    group,
    deduplicationId,
    delaySeconds = 0,
  }: { group?: string | undefined; deduplicationId?: string | undefined; delaySeconds?: number },
): Unstored {
  return {
    id: randomUUID(),
    group,
    deduplicationId,
    sentAt: now,
    visibleAt: now + delaySeconds * 1000,
    receiveCount: 0,
    countBefore: 0,
    firstReceivedAt: undefined,
    receivedAt: undefined,
    receipt: undefined,
    inFlight: false,
    heldInside: false,
    sourceArn: undefined,
  }
}

/** The message in the dead-letter queue: of a FIFO queue it counts as sent now, of a standard queue its age goes on. */
export function asDeadLetter(
  { sequence: _sequence, ...message }: Message,
  { now, sourceArn, fifo }: { now: number; sourceArn: string; fifo: boolean },
): Unstored {
  return {
    ...message,
    sentAt: fifo ? now : message.sentAt,
    visibleAt: now,
    countBefore: message.receiveCount,
    receipt: undefined,
    inFlight: false,
    heldInside: false,
    sourceArn,
  }
}

/** The message as a process finds it that starts at `now`: who held it inside the former process is dead (sqs/Q7). */
export function asFound(message: Message, now: number): Message {
  if (message.inFlight && message.heldInside)
    return { ...message, inFlight: false, heldInside: false, visibleAt: Math.min(message.visibleAt, now) }
  return { ...message, inFlight: message.inFlight && message.visibleAt > now }
}

/** What a receipt changes. */
export function receiptAt(
  now: number,
  { receiveCount, firstReceivedAt }: Message,
  { visibleAt, inside }: { visibleAt: number; inside: boolean },
): Partial<Message> {
  return {
    visibleAt,
    receiveCount: receiveCount + 1,
    firstReceivedAt: firstReceivedAt ?? now,
    receivedAt: now,
    receipt: randomBytes(12).toString('base64url'),
    inFlight: visibleAt > now,
    heldInside: inside,
  }
}
