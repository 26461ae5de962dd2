import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { startLocalCloud } from '../../local/local-cloud.ts'
import { functionOf, writeAssembly } from '../../test/support/cloud/plain-assembly.ts'
import { clientOf } from '../../test/support/cloud/sqs-endpoint.ts'
import { type Figure, measure } from './figures.ts'

const STACK = { stack: 'local cloud', durable: true } as const
/** Writes how long each message took from its sender to this line, in milliseconds. */
const HANDLER = `
  import { appendFileSync } from 'node:fs'
  export async function handler({ Records }) {
    const now = performance.timeOrigin + performance.now()
    appendFileSync(process.env.OUT, Records.map(({ body }) => now - Number(body.split(' ')[0]) + '\\n').join(''))
  }`
const ALONE = 50
const MANY = 2_000
const GROUPS = 20

/** A FIFO queue that feeds a function, on disk: how soon a message is there, and how many a second, sent by AWS's SDK and handled. */
export async function benchQueues(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-queues-'))
  const out = join(folder, 'out')
  const queueArn = { 'Fn::GetAtt': ['Work', 'Arn'] }
  const assembly = writeAssembly(join(folder, 'assembly'), {
    code: { handler: HANDLER },
    resources: {
      Work: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true, ContentBasedDeduplication: true } },
      ...functionOf('Handler', {
        key: 'handler',
        variables: { OUT: out },
        statements: [{ Effect: 'Allow', Action: 'sqs:*', Resource: queueArn }],
      }),
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: { EventSourceArn: queueArn, FunctionName: { Ref: 'Handler' } },
      },
    },
  })
  const cloud = await startLocalCloud({ assembly, dataFolder: join(folder, 'data') })
  const sqs = clientOf(cloud.awsUrl)
  const QueueUrl = `${cloud.awsUrl}/000000000000/s-Work.fifo`
  const body = (at: number): string => `${performance.timeOrigin + performance.now()} ${at}`
  const handled = (): number[] => readFileSync(out, 'utf8').trim().split('\n').map(Number)
  const until = async (count: number): Promise<void> => {
    while (handled().length < count) await sleep(2)
  }
  const oneByOne = async (): Promise<number> => {
    writeFileSync(out, '')
    for (let at = 0; at < ALONE; at += 1) {
      await sqs.send(
        new SendMessageCommand({ QueueUrl, MessageBody: body(at), MessageGroupId: `g${at % GROUPS}` }),
      )
      await until(at + 1)
    }
    return handled().sort((a, b) => a - b)[ALONE / 2] ?? Number.NaN
  }
  const manyAtOnce = async (): Promise<number> => {
    writeFileSync(out, '')
    const started = performance.now()
    const batch = async (first: number): Promise<void> => {
      const Entries = Array.from({ length: 10 }, (_, at) => ({
        Id: String(at),
        MessageBody: body(first + at),
        MessageGroupId: `g${(first + at) % GROUPS}`,
      }))
      await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
    }
    for (let first = 0; first < MANY; first += 100)
      await Promise.all(Array.from({ length: 10 }, (_, at) => batch(first + 10 * at)))
    await until(MANY)
    return (MANY * 1_000) / (performance.now() - started)
  }
  try {
    return [
      await measure({ ...STACK, name: 'message, sent to handler begun', unit: 'ms' }, {}, oneByOne),
      await measure({ ...STACK, name: 'messages, sent and handled', unit: '/s' }, {}, manyAtOnce),
    ]
  } finally {
    sqs.destroy()
    await cloud.stop()
    rmSync(folder, { recursive: true, maxRetries: 10 })
  }
}
