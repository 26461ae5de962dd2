import type { Received } from '../../sqs/queue/message.ts'
import { digestOf } from '../../sqs/wire/message-attributes.ts'
import { md5 } from '../../sqs/wire/send.ts'
import { ownAttributesOf, systemAttributesOf } from '../../sqs/wire/views.ts'

export type SqsRecord = ReturnType<typeof recordOf>

/** A message as Lambda hands it to a function. */
export function recordOf(received: Received, { arn, region }: { arn: string; region: string }) {
  const own = ownAttributesOf(received)
  const messageAttributes = Object.entries(own).map(([name, { DataType, StringValue, BinaryValue }]) => {
    const value = {
      ...(StringValue === undefined ? {} : { stringValue: StringValue }),
      ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
    }
    return [name, { ...value, stringListValues: [], binaryListValues: [], dataType: DataType }]
  })
  const digest = digestOf(own)
  return {
    messageId: received.message.id,
    receiptHandle: received.handle,
    body: received.body,
    attributes: systemAttributesOf(received),
    messageAttributes: Object.fromEntries(messageAttributes) as Record<string, object>,
    md5OfBody: md5(received.body),
    ...(digest === undefined ? {} : { md5OfMessageAttributes: digest }),
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: region,
  }
}

/** What filters look at: a body that is JSON is an object there, and any other a text. */
export function filterableOf(record: SqsRecord): object {
  try {
    return { ...record, body: JSON.parse(record.body) as unknown }
  } catch {
    return record
  }
}
