import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalCloud, startLocalCloud } from '../../../local/local-cloud.ts'
import { functionOf, writeAssembly } from '../../support/cloud/plain-assembly.ts'
import { clientOf } from '../../support/cloud/sqs-endpoint.ts'

const root = mkdtempSync(join(tmpdir(), 'queues-'))
const out = join(root, 'handled')
const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] })
const ACTIONS = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']

/** Writes what it gets, and names the messages that it must not handle. */
const WORKER = `
  import { appendFileSync } from 'node:fs'
  export async function handler({ Records }) {
    const bad = Records.findIndex(({ body }) => body.includes('bad'))
    const done = bad === -1 ? Records : Records.slice(0, bad)
    for (const { body } of done) appendFileSync(process.env.OUT, process.env.NAME + body + '\\n')
    return { batchItemFailures: Records.slice(done.length).map(({ messageId }) => ({ itemIdentifier: messageId })) }
  }`
const BROKEN = `export const handler = async () => { throw new TypeError('broken on purpose') }`
/** A function that sends what it is given, by the SDK's protocol, as its role allows. */
const SENDER = `
  export async function handler({ url, body }) {
    const response = await fetch(process.env.AWS_ENDPOINT_URL, {
      method: 'POST',
      headers: {
        'x-amz-target': 'AmazonSQS.SendMessage',
        authorization: 'AWS4-HMAC-SHA256 Credential=' + process.env.AWS_ACCESS_KEY_ID + '/x',
      },
      body: JSON.stringify({ QueueUrl: url, MessageBody: body }),
    })
    return { status: response.status, text: await response.text() }
  }`

const rule = (id: string, target: string, dead: string) => ({
  Type: 'AWS::Events::Rule',
  Properties: {
    EventPattern: { source: [id] },
    Targets: [
      {
        Id: 't',
        Arn: arnOf(target),
        DeadLetterConfig: { Arn: arnOf(dead) },
        RetryPolicy: { MaximumRetryAttempts: 1 },
      },
    ],
  },
})

function assembly(folder: string, name = ''): string {
  const mapping = { EventSourceArn: arnOf('Work'), FunctionName: { Ref: 'Worker' } }
  return writeAssembly(join(root, folder), {
    code: { worker: WORKER, broken: BROKEN, sender: SENDER },
    resources: {
      Failed: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
      Work: {
        Type: 'AWS::SQS::Queue',
        Properties: {
          FifoQueue: true,
          ContentBasedDeduplication: true,
          VisibilityTimeout: 5,
          RedrivePolicy: { deadLetterTargetArn: arnOf('Failed'), maxReceiveCount: 1 },
        },
      },
      Kept: { Type: 'AWS::SQS::Queue' },
      Letters: { Type: 'AWS::SQS::Queue' },
      LettersPolicy: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: {
          PolicyDocument: {
            Statement: [
              {
                Effect: 'Allow',
                Principal: { Service: 'events.amazonaws.com' },
                Action: 'sqs:SendMessage',
                Resource: arnOf('Letters'),
                Condition: { ArnEquals: { 'aws:SourceArn': [arnOf('forbidden'), arnOf('toQueue')] } },
              },
            ],
          },
          Queues: [{ Ref: 'Letters' }],
        },
      },
      ...functionOf('Worker', {
        key: 'worker',
        variables: { OUT: out, NAME: name },
        statements: [{ Effect: 'Allow', Action: ACTIONS, Resource: arnOf('Work') }],
      }),
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: { ...mapping, BatchSize: 5, FunctionResponseTypes: ['ReportBatchItemFailures'] },
      },
      ...functionOf('Broken', {
        key: 'broken',
        statements: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arnOf('Letters') }],
      }),
      BrokenConfig: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: {
          FunctionName: { Ref: 'Broken' },
          Qualifier: '$LATEST',
          MaximumRetryAttempts: 0,
          DestinationConfig: { OnFailure: { Destination: arnOf('Letters') } },
        },
      },
      BrokenPermission: {
        Type: 'AWS::Lambda::Permission',
        Properties: { FunctionName: arnOf('Broken'), Principal: 'events.amazonaws.com' },
      },
      ...functionOf('Sender', {
        key: 'sender',
        statements: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arnOf('Kept') }],
      }),
      forbidden: rule('forbidden', 'Worker', 'Letters'),
      failing: rule('failing', 'Broken', 'Letters'),
      toQueue: rule('toQueue', 'Letters', 'Letters'),
    },
  })
}

let cloud: LocalCloud
let sqs: SQSClient
const dataFolder = join(root, 'data')
const credentials = { accessKeyId: 'person', secretAccessKey: 'secret' }
const start = async (): Promise<void> => {
  cloud = await startLocalCloud({ assembly: assembly('first'), dataFolder })
  sqs = clientOf(cloud.awsUrl)
}
const stop = async (): Promise<void> => {
  sqs.destroy()
  await cloud.stop()
}
beforeAll(start, 60_000)
afterAll(async () => {
  await stop()
  rmSync(root, { recursive: true, force: true })
})

const urlOf = (id: string): string => `${cloud.awsUrl}/000000000000/s-${id}`
const send = (id: string, MessageBody: string, group?: string) =>
  sqs.send(
    new SendMessageCommand({ QueueUrl: urlOf(id), MessageBody, ...(group ? { MessageGroupId: group } : {}) }),
  )
const receive = async (id: string) => {
  const asked = { QueueUrl: urlOf(id), MaxNumberOfMessages: 10, WaitTimeSeconds: 15, VisibilityTimeout: 0 }
  const names = { MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All' as const] }
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ ...asked, ...names }))
  return Messages
}
const handled = (): string[] => {
  try {
    return readFileSync(out, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}
const emit = (Source: string) =>
  new EventBridgeClient({ endpoint: cloud.awsUrl, region: 'us-east-1', credentials }).send(
    new PutEventsCommand({ Entries: [{ Source, DetailType: 'happened', Detail: '{"n":1}' }] }),
  )

describe('a queue of the assembly', () => {
  it('feeds its function, each group in its order; what fails is a dead letter (polled/E1, polled/E4)', async () => {
    const sent = Array.from({ length: 24 }, (_, at) => `${'abc'[at % 3]}${at}`)
    for (const body of sent) await send('Work.fifo', body, body.slice(0, 1))
    await send('Work.fifo', 'd-bad', 'd')
    await expect.poll(() => handled().length, { timeout: 10_000 }).toBe(24)
    for (const group of ['a', 'b', 'c'])
      expect(handled().filter((body) => body.startsWith(group))).toEqual(
        sent.filter((body) => body.startsWith(group)),
      )
    const [letter] = await receive('Failed.fifo')
    expect(letter).toMatchObject({
      Body: 'd-bad',
      Attributes: {
        MessageGroupId: 'd',
        DeadLetterQueueSourceArn: 'arn:aws:sqs:us-east-1:000000000000:s-Work.fifo',
      },
    })
  })

  it('is for functions whose roles may use it', async () => {
    const lambda = new LambdaClient({ endpoint: cloud.awsUrl, region: 'us-east-1', credentials })
    const ask = async (id: string): Promise<{ status: number; text: string }> => {
      const Payload = JSON.stringify({ url: urlOf(id), body: 'from a function' })
      const { Payload: answer } = await lambda.send(new InvokeCommand({ FunctionName: 'Sender', Payload }))
      return JSON.parse(Buffer.from(answer ?? []).toString()) as { status: number; text: string }
    }
    expect(await ask('Kept')).toMatchObject({ status: 200 })
    const refused = await ask('Letters')
    expect(refused.status).toBe(400)
    expect(refused.text).toContain('not authorized to perform: sqs:SendMessage on resource')
  })
})

describe('a dead-letter queue of the assembly', () => {
  it('has the event that its rule may not deliver, as EventBridge writes it', async () => {
    await emit('forbidden')
    await expect.poll(async () => (await receive('Letters')).length, { timeout: 5_000 }).toBe(1)
    const [letter] = await receive('Letters')
    expect(JSON.parse(String(letter?.Body))).toMatchObject({ source: 'forbidden', detail: { n: 1 } })
    const values = Object.entries(letter?.MessageAttributes ?? {}).map(([name, one]) => [
      name,
      one.StringValue,
    ])
    expect(Object.fromEntries(values)).toEqual({
      RULE_ARN: 'arn:aws:events:us-east-1:000000000000:rule/forbidden',
      TARGET_ARN: 'arn:aws:lambda:us-east-1:000000000000:function:Worker',
      ERROR_CODE: 'NO_PERMISSIONS',
      ERROR_MESSAGE:
        'events.amazonaws.com has no permission to invoke arn:aws:lambda:us-east-1:000000000000:function:Worker',
    })
  })

  it('has the record of a function that failed, as Lambda writes it (asynchronous/A2)', async () => {
    await emit('failing')
    const records = async () =>
      (await receive('Letters')).map(({ Body }) => JSON.parse(String(Body)) as Record<string, unknown>)
    const isRecord = (one: Record<string, unknown>): boolean => 'requestPayload' in one
    await expect
      .poll(async () => (await records()).filter(isRecord), { timeout: 5_000 })
      .toMatchObject([
        {
          requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 1 },
          requestPayload: { source: 'failing' },
          responsePayload: { errorType: 'TypeError', errorMessage: 'broken on purpose' },
        },
      ])
  })

  it('can be a target, and tells how much lies in it', async () => {
    await emit('toQueue')
    const wanted = { QueueUrl: urlOf('Letters'), AttributeNames: ['ApproximateNumberOfMessages' as const] }
    const count = async () => (await sqs.send(new GetQueueAttributesCommand(wanted))).Attributes
    await expect.poll(count, { timeout: 5_000 }).toEqual({ ApproximateNumberOfMessages: '3' })
  })
})

describe('the queues of a local cloud', () => {
  it('take up what another assembly has of them', async () => {
    await cloud.update(assembly('second', 'new '))
    await send('Work.fifo', 'after', 'z')
    await expect.poll(() => handled().at(-1), { timeout: 10_000 }).toBe('new after')
  })

  it('are there again after a restart (sqs/Q1)', async () => {
    await send('Kept', 'still there')
    await stop()
    await start()
    expect((await receive('Kept')).map(({ Body }) => Body)).toEqual(['from a function', 'still there'])
  }, 60_000)
})
