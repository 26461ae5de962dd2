import { AwsClient } from 'aws4fetch'
import type { Emulator } from './emulator.ts'

export type Queue = { url: string; arn: string; receive(): Promise<string[]> }

/** Creates a queue in the emulator through SQS's JSON protocol. */
export async function createQueue({ url: endpoint, env }: Emulator, name: string): Promise<Queue> {
  const client = new AwsClient({
    accessKeyId: String(env.AWS_ACCESS_KEY_ID),
    secretAccessKey: String(env.AWS_SECRET_ACCESS_KEY),
    region: String(env.AWS_REGION),
    service: 'sqs',
  })
  const call = async (action: string, body: object): Promise<Record<string, never>> => {
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` }
    const response = await client.fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${action}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Record<string, never>
  }
  const { QueueUrl } = await call('CreateQueue', { QueueName: name })
  const { Attributes } = await call('GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] })
  return {
    url: String(QueueUrl),
    arn: String((Attributes as unknown as { QueueArn: string }).QueueArn),
    async receive() {
      const { Messages } = await call('ReceiveMessage', {
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 1,
      })
      const messages = (Messages ?? []) as { Body: string; ReceiptHandle: string }[]
      for (const { ReceiptHandle } of messages) await call('DeleteMessage', { QueueUrl, ReceiptHandle })
      return messages.map(({ Body }) => Body)
    },
  }
}
