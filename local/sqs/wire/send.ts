import { createHash } from 'node:crypto'
import { invalidValue, missingParameter } from '../queue/errors.ts'
import type { Queue } from '../queue/queue.ts'
import { checkAttributes, checkText, digestOf, type MessageAttributes, sizeOf } from './message-attributes.ts'
import type { DraftInput } from './requests.ts'

/** What is stored of a message beside its body. */
export type SentAttributes = {
  own: MessageAttributes
  /** AWSTraceHeader is the only one there is. */
  system: MessageAttributes
  senderId: string
}

const TRACE = 'AWSTraceHeader'

/** Sends one message. Throws for one that SQS would refuse. Answers as SendMessage does. */
export function sendMessage(
  queue: Queue,
  input: DraftInput,
  senderId: string,
): Record<string, string | undefined> {
  check(queue, input)
  const { MessageBody: body, MessageAttributes: own, MessageSystemAttributes: system } = input
  const attributes: SentAttributes = { own, system, senderId }
  const { id, sequence } = queue.send({
    body,
    attributes: JSON.stringify(attributes),
    group: input.MessageGroupId,
    deduplicationId: input.MessageDeduplicationId,
    delaySeconds: queue.settings.fifo ? undefined : input.DelaySeconds,
  })
  return {
    MessageId: id,
    MD5OfMessageBody: md5(body),
    MD5OfMessageAttributes: digestOf(own),
    MD5OfMessageSystemAttributes: digestOf(system),
    ...(queue.settings.fifo ? { SequenceNumber: sequenceNumber(sequence) } : {}),
  }
}

export const md5 = (body: string): string => createHash('md5').update(body).digest('hex')

/** Twenty digits, growing with the order of arrival. */
export const sequenceNumber = (sequence: number): string =>
  String(18_000_000_000_000_000_000n + BigInt(sequence) * 256n)

/** Bytes of a message as SQS counts them. */
export const bytesOf = ({ MessageBody, MessageAttributes }: DraftInput): number =>
  Buffer.byteLength(MessageBody) + sizeOf(MessageAttributes)

function check(queue: Queue, input: DraftInput): void {
  const { MessageBody, MessageGroupId, MessageDeduplicationId, DelaySeconds } = input
  const { fifo, maximumMessageSize } = queue.settings
  if (MessageBody === '') throw missingParameter('MessageBody')
  checkText(MessageBody)
  checkAttributes(input.MessageAttributes)
  checkAttributes(input.MessageSystemAttributes)
  const other = Object.keys(input.MessageSystemAttributes).find((name) => name !== TRACE)
  if (other !== undefined) throw invalidValue('MessageSystemAttributes', other, `It can only be ${TRACE}.`)
  const bytes = bytesOf(input)
  if (bytes > maximumMessageSize) {
    const reason = `Message must be shorter than ${maximumMessageSize} bytes.`
    throw invalidValue(
      'MessageBody',
      `of ${bytes} bytes`,
      `One or more parameters are invalid. Reason: ${reason}`,
    )
  }
  const notForThisType = 'The request include parameter that is not valid for this queue type.'
  if (fifo && MessageGroupId === undefined) throw missingParameter('MessageGroupId')
  if (fifo && DelaySeconds) throw invalidValue('DelaySeconds', String(DelaySeconds), notForThisType)
  if (!fifo && MessageDeduplicationId !== undefined)
    throw invalidValue('MessageDeduplicationId', MessageDeduplicationId, notForThisType)
}
