import * as z from 'zod'
import { AwsError } from '../../aws/errors.ts'

/** AWS's maximum of a message with its attributes, and of a batch of messages: 1 MiB. */
export const MOST_BYTES = 1_048_576

/** A queue's attributes as they are used. Times in seconds, sizes in bytes. */
export type QueueSettings = {
  fifo: boolean
  visibilityTimeout: number
  delay: number
  retention: number
  maximumMessageSize: number
  waitTime: number
  contentBasedDeduplication: boolean
  deduplicationScope: 'queue' | 'messageGroup'
  redrive: { deadLetterTargetArn: string; maxReceiveCount: number } | undefined
}

type Attributes = Readonly<Record<string, string>>

/** Numbers with their least and greatest value, and what they are by default. */
const NUMBERS: Readonly<Record<string, readonly [least: number, most: number, usual: number]>> = {
  VisibilityTimeout: [0, 43_200, 30],
  DelaySeconds: [0, 900, 0],
  MessageRetentionPeriod: [60, 1_209_600, 345_600],
  MaximumMessageSize: [1_024, MOST_BYTES, MOST_BYTES],
  ReceiveMessageWaitTimeSeconds: [0, 20, 0],
}

const ONE_OF: Readonly<Record<string, readonly string[]>> = {
  FifoQueue: ['true', 'false'],
  ContentBasedDeduplication: ['true', 'false'],
  DeduplicationScope: ['queue', 'messageGroup'],
  FifoThroughputLimit: ['perQueue', 'perMessageGroupId'],
}
const FIFO_ONLY = ['ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit']

/** Kept and shown, without effect here: what is written stays on this machine, and its policies are the templates'. */
const WITHOUT_EFFECT = [
  'Policy',
  'RedriveAllowPolicy',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
  'SqsManagedSseEnabled',
]

/** Attributes that the queue tells and nobody sets. */
export const COMPUTED = [
  'QueueArn',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
]

export const ATTRIBUTE_NAMES = [
  ...Object.keys(NUMBERS),
  ...Object.keys(ONE_OF),
  ...WITHOUT_EFFECT,
  ...COMPUTED,
  'RedrivePolicy',
]

const count = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .pipe(z.int().min(1).max(1000))
const RedriveSchema = z.object({ deadLetterTargetArn: z.string().startsWith('arn:'), maxReceiveCount: count })

/** The attributes with those that are set by default. */
export function withDefaults(name: string, attributes: Attributes): Record<string, string> {
  const usual = Object.entries(NUMBERS).map(([key, [, , value]]) => [key, String(value)])
  const fifo = name.endsWith('.fifo')
    ? {
        FifoQueue: 'true',
        ContentBasedDeduplication: 'false',
        DeduplicationScope: 'queue',
        FifoThroughputLimit: 'perQueue',
      }
    : {}
  return { ...Object.fromEntries(usual), SqsManagedSseEnabled: 'true', ...fifo, ...attributes }
}

/** Throws InvalidAttributeName or InvalidAttributeValue, naming attribute and value. */
export function readSettings(name: string, attributes: Attributes): QueueSettings {
  const fifo = name.endsWith('.fifo')
  for (const [key, value] of Object.entries(attributes)) checkAttribute(key, value, fifo)
  if (attributes.FifoQueue !== undefined && (attributes.FifoQueue === 'true') !== fifo)
    throw new AwsError(
      'InvalidParameterValueException',
      `the queue ${name} has FifoQueue ${attributes.FifoQueue}; the name of a FIFO queue, and of no other, ends in .fifo`,
    )
  if (
    attributes.FifoThroughputLimit === 'perMessageGroupId' &&
    attributes.DeduplicationScope !== 'messageGroup'
  )
    throw new AwsError(
      'InvalidAttributeValue',
      'FifoThroughputLimit is perMessageGroupId; that needs DeduplicationScope messageGroup',
    )
  const all = withDefaults(name, attributes)
  const number = (key: string): number => Number(all[key])
  return {
    fifo,
    visibilityTimeout: number('VisibilityTimeout'),
    delay: number('DelaySeconds'),
    retention: number('MessageRetentionPeriod'),
    maximumMessageSize: number('MaximumMessageSize'),
    waitTime: number('ReceiveMessageWaitTimeSeconds'),
    contentBasedDeduplication: all.ContentBasedDeduplication === 'true',
    deduplicationScope: all.DeduplicationScope === 'messageGroup' ? 'messageGroup' : 'queue',
    redrive: all.RedrivePolicy ? readRedrive(all.RedrivePolicy) : undefined,
  }
}

function checkAttribute(key: string, value: string, fifo: boolean): void {
  const refuse = (right: string): never => {
    throw new AwsError(
      'InvalidAttributeValue',
      `Invalid value for the parameter ${key}: ${JSON.stringify(value).slice(0, 100)}; it must be ${right}`,
    )
  }
  const range = NUMBERS[key]
  if (range) {
    const [least, most] = range
    if (!/^\d+$/.test(value) || Number(value) < least || Number(value) > most)
      refuse(`an integer from ${least} to ${most}`)
    return
  }
  if (!fifo && FIFO_ONLY.includes(key))
    throw new AwsError('InvalidAttributeName', `${key} is only for FIFO queues, whose names end in .fifo`)
  const choices = ONE_OF[key]
  if (choices && !choices.includes(value)) refuse(choices.join(' or '))
  if (!choices && key !== 'RedrivePolicy' && !WITHOUT_EFFECT.includes(key))
    throw new AwsError('InvalidAttributeName', `Unknown Attribute ${key.slice(0, 100)}.`)
}

function readRedrive(text: string): QueueSettings['redrive'] {
  try {
    return RedriveSchema.parse(JSON.parse(text))
  } catch {
    throw new AwsError(
      'InvalidParameterValueException',
      `Value ${text.slice(0, 200)} for parameter RedrivePolicy is invalid. Reason: it must be JSON with deadLetterTargetArn, an ARN, and maxReceiveCount from 1 to 1000.`,
    )
  }
}
