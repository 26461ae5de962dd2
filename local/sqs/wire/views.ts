import { AwsError } from '../../aws/errors.ts'
import type { MoveTask } from '../move-tasks.ts'
import type { Received } from '../queue/message.ts'
import type { Queue } from '../queue/queue.ts'
import { ATTRIBUTE_NAMES, withDefaults } from '../queue/settings.ts'
import { chosen, digestOf, type MessageAttributes } from './message-attributes.ts'
import { md5, type SentAttributes, sequenceNumber } from './send.ts'

const SYSTEM_NAMES = [
  'All',
  'SenderId',
  'SentTimestamp',
  'ApproximateReceiveCount',
  'ApproximateFirstReceiveTimestamp',
  'SequenceNumber',
  'MessageDeduplicationId',
  'MessageGroupId',
  'AWSTraceHeader',
  'DeadLetterQueueSourceArn',
]

/** A received message as ReceiveMessage shows it, with the attributes that are asked for. */
export function messageView(
  received: Received,
  { system, own }: { system: readonly string[]; own: readonly string[] },
): Record<string, unknown> {
  const unknown = system.find((name) => !SYSTEM_NAMES.includes(name))
  if (unknown !== undefined)
    throw new AwsError('InvalidAttributeName', `Unknown Attribute ${unknown.slice(0, 100)}.`)
  const all = system.includes('All')
  const attributes = Object.entries(systemAttributesOf(received)).filter(
    ([name]) => all || system.includes(name),
  )
  const messageAttributes = chosen(ownAttributesOf(received), own)
  const hasOwn = Object.keys(messageAttributes).length > 0
  return {
    MessageId: received.message.id,
    ReceiptHandle: received.handle,
    MD5OfBody: md5(received.body),
    Body: received.body,
    ...(attributes.length > 0 ? { Attributes: Object.fromEntries(attributes) } : {}),
    ...(hasOwn
      ? { MessageAttributes: messageAttributes, MD5OfMessageAttributes: digestOf(messageAttributes) }
      : {}),
  }
}

export function ownAttributesOf({ attributes }: Received): MessageAttributes {
  return (JSON.parse(attributes) as SentAttributes).own
}

/** The attributes that SQS gives a message, by name. */
export function systemAttributesOf({ message, attributes }: Received): Record<string, string> {
  const { senderId, system } = JSON.parse(attributes) as SentAttributes
  const { sentAt, receiveCount, firstReceivedAt, group, deduplicationId, sequence, sourceArn } = message
  const all = {
    SenderId: senderId,
    SentTimestamp: String(sentAt),
    ApproximateReceiveCount: String(receiveCount),
    ApproximateFirstReceiveTimestamp: String(firstReceivedAt),
    MessageGroupId: group,
    MessageDeduplicationId: deduplicationId,
    SequenceNumber: deduplicationId === undefined ? undefined : sequenceNumber(sequence),
    AWSTraceHeader: system.AWSTraceHeader?.StringValue,
    DeadLetterQueueSourceArn: sourceArn,
  }
  return Object.fromEntries(
    Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
}

/** The attributes of a queue that are asked for; numbers of messages count what is there now. */
export function queueAttributes(queue: Queue, wanted: readonly string[]): Record<string, string> {
  const unknown = wanted.find((name) => name !== 'All' && !ATTRIBUTE_NAMES.includes(name))
  if (unknown !== undefined)
    throw new AwsError('InvalidAttributeName', `Unknown Attribute ${unknown.slice(0, 100)}.`)
  const { name, attributes, createdAt, modifiedAt } = queue.stored
  const { visible, inFlight, delayed } = countsOf(queue)
  const all = {
    ...withDefaults(name, attributes),
    QueueArn: queue.arn,
    CreatedTimestamp: String(Math.floor(createdAt / 1000)),
    LastModifiedTimestamp: String(Math.floor(modifiedAt / 1000)),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
  }
  const isWanted = ([key]: [string, string]): boolean => wanted.includes('All') || wanted.includes(key)
  return Object.fromEntries(Object.entries(all).filter(isWanted))
}

/** How many messages can be received, are in flight, are delayed. */
export function countsOf(queue: Queue): { visible: number; inFlight: number; delayed: number } {
  const counts = { visible: 0, inFlight: 0, delayed: 0 }
  for (const { inFlight, visibleAt } of queue.messages()) {
    const waits = visibleAt > queue.now() ? 'delayed' : 'visible'
    counts[inFlight ? 'inFlight' : waits] += 1
  }
  return counts
}

export function moveTaskView(task: MoveTask): Record<string, unknown> {
  const { handle, source, destination, perSecond, startedAt, status, moved, toMove, failure } = task
  return {
    ...(status === 'RUNNING' ? { TaskHandle: handle } : {}),
    Status: status,
    SourceArn: source.arn,
    ...(destination ? { DestinationArn: destination.arn } : {}),
    ...(perSecond === undefined ? {} : { MaxNumberOfMessagesPerSecond: perSecond }),
    ApproximateNumberOfMessagesMoved: moved,
    ApproximateNumberOfMessagesToMove: toMove,
    ...(failure === undefined ? {} : { FailureReason: failure }),
    StartedTimestamp: startedAt,
  }
}
