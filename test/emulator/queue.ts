import { AwsClient } from 'aws4fetch'
import * as z from 'zod'
import type { Emulator } from './emulator.ts'

export type Queue = { url: string; arn: string; receive(): Promise<string[]> }

const CreatedSchema = z.object({ QueueUrl: z.string() })
const AttributesSchema = z.object({ Attributes: z.object({ QueueArn: z.string() }) })
const ReceivedSchema = z.object({
  // Absent when there is no message.
  Messages: z.array(z.object({ Body: z.string(), ReceiptHandle: z.string() })).default([]),
})

/** Creates a queue in the emulator through SQS's JSON protocol. */
export async function createQueue({ url: endpoint, env }: Emulator, name: string): Promise<Queue> {
  const client = new AwsClient({
    accessKeyId: String(env.AWS_ACCESS_KEY_ID),
    secretAccessKey: String(env.AWS_SECRET_ACCESS_KEY),
    region: String(env.AWS_REGION),
    service: 'sqs',
  })
  const call = async (action: string, body: object): Promise<unknown> => {
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` }
    const response = await client.fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${action}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  const { QueueUrl } = CreatedSchema.parse(await call('CreateQueue', { QueueName: name }))
  const wanted = { QueueUrl, AttributeNames: ['QueueArn'] }
  const { Attributes } = AttributesSchema.parse(await call('GetQueueAttributes', wanted))
  return {
    url: QueueUrl,
    arn: Attributes.QueueArn,
    async receive() {
      const wanted = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }
      const { Messages } = ReceivedSchema.parse(await call('ReceiveMessage', wanted))
      for (const { ReceiptHandle } of Messages) await call('DeleteMessage', { QueueUrl, ReceiptHandle })
      return Messages.map(({ Body }) => Body)
    },
  }
}
