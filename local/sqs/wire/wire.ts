import { AwsError } from '../../aws/errors.ts'
import type { AwsRequest, AwsResponse } from '../../aws/requests.ts'
import type { IamService } from '../../iam/service.ts'
import { queryCode } from '../queue/errors.ts'
import type { Queue } from '../queue/queue.ts'
import type { SqsService } from '../service.ts'
import { answerBatch } from './batch.ts'
import * as requests from './requests.ts'
import { sendMessage } from './send.ts'
import { messageView, moveTaskView, queueAttributes } from './views.ts'

type Services = { account: string; region: string; iam: IamService; sqs: SqsService }
type Input = Readonly<Record<string, unknown>>
type Asked = { input: Input; sqs: SqsService; senderId: string; urlOf: (queue: Queue) => string }
type Answer = object | Promise<object>

const PREFIX = 'AmazonSQS.'

export const isForSqs = (target: string): boolean => target.startsWith(PREFIX)

/** SQS's JSON protocol: answers an operation for callers that may use this queue. Errors have the names of both of SQS's protocols. */
export async function answerSqs(
  { account, region, iam, sqs }: Services,
  target: string,
  request: AwsRequest,
): Promise<AwsResponse> {
  const action = target.slice(PREFIX.length)
  try {
    const input = parse(request.body)
    const authorize = (permission: string, resource: string): void =>
      iam.authorizeKey(request.accessKeyId, `sqs:${permission}`, resource)
    const asked = {
      input,
      sqs,
      senderId: iam.roleNameOf(request.accessKeyId) ?? account,
      urlOf: ({ name }: Queue) => `${request.url.origin}/${account}/${name}`,
    }
    const ofQueue = Object.hasOwn(OF_QUEUE, action) ? OF_QUEUE[action] : undefined
    if (ofQueue) {
      const { QueueUrl } = requests.read(requests.UrlSchema, input)
      const arn = sqs.arnOf(QueueUrl.split('/').at(-1) ?? '')
      authorize(action.replace(/Batch$/, ''), arn)
      return json(await ofQueue(sqs.at(QueueUrl), asked))
    }
    const other = Object.hasOwn(OTHERS, action) ? OTHERS[action] : undefined
    if (!other) throw new AwsError('InvalidAction', `the local SQS does not do ${action}`)
    authorize(action, resourceOf(action, input, sqs, { account, region }))
    return json(await other(asked))
  } catch (error) {
    if (error instanceof AwsError) return refusal(error)
    throw error
  }
}

/** Operations on the queue at QueueUrl. */
const OF_QUEUE: Readonly<Record<string, (queue: Queue, asked: Asked) => Answer>> = {
  SendMessage: (queue, { input, senderId }) =>
    sendMessage(queue, requests.read(requests.DraftSchema, input), senderId),
  SendMessageBatch: (queue, { input, senderId }) => answerBatch('send', queue, { input, senderId }),
  DeleteMessageBatch: (queue, { input, senderId }) => answerBatch('delete', queue, { input, senderId }),
  ChangeMessageVisibilityBatch: (queue, { input, senderId }) =>
    answerBatch('visibility', queue, { input, senderId }),
  async ReceiveMessage(queue, { input, sqs }) {
    const wanted = requests.read(requests.ReceiveSchema, input)
    const received = await sqs.receive(
      queue,
      { most: wanted.MaxNumberOfMessages, visibility: wanted.VisibilityTimeout },
      wanted.WaitTimeSeconds ?? queue.settings.waitTime,
    )
    const system = [...wanted.AttributeNames, ...wanted.MessageSystemAttributeNames]
    const own = wanted.MessageAttributeNames
    // SQS leaves the list out when there is nothing.
    return received.length > 0 ? { Messages: received.map((one) => messageView(one, { system, own })) } : {}
  },
  DeleteMessage(queue, { input }) {
    queue.remove(requests.read(requests.HandleSchema, input).ReceiptHandle)
    return {}
  },
  ChangeMessageVisibility(queue, { input }) {
    const { ReceiptHandle, VisibilityTimeout } = requests.read(requests.VisibilitySchema, input)
    queue.changeVisibility(ReceiptHandle, VisibilityTimeout)
    return {}
  },
  GetQueueAttributes(queue, { input }) {
    const { AttributeNames } = requests.read(requests.AttributeNamesSchema, input)
    return { Attributes: queueAttributes(queue, AttributeNames) }
  },
  SetQueueAttributes(queue, { input }) {
    const { Attributes } = requests.read(requests.SetAttributesSchema, input)
    queue.setAttributes({ ...queue.stored.attributes, ...Attributes })
    return {}
  },
  PurgeQueue(queue, { sqs }) {
    sqs.purge(queue)
    return {}
  },
  DeleteQueue({ name }, { sqs }) {
    sqs.remove(name)
    return {}
  },
  ListDeadLetterSourceQueues: ({ arn }, { sqs, urlOf }) => ({
    queueUrls: sqs
      .list()
      .filter(({ settings }) => settings.redrive?.deadLetterTargetArn === arn)
      .map(urlOf),
  }),
}

const OTHERS: Readonly<Record<string, (asked: Asked) => Answer>> = {
  CreateQueue({ input, sqs, urlOf }) {
    const { QueueName, Attributes } = requests.read(requests.CreateSchema, input)
    return { QueueUrl: urlOf(sqs.create(QueueName, Attributes)) }
  },
  GetQueueUrl({ input, sqs, urlOf }) {
    return { QueueUrl: urlOf(sqs.get(requests.read(requests.NameSchema, input).QueueName)) }
  },
  ListQueues({ input, sqs, urlOf }) {
    const { QueueNamePrefix, MaxResults, NextToken } = requests.read(requests.ListSchema, input)
    const from = NextToken === undefined ? '' : Buffer.from(NextToken, 'base64url').toString()
    const all = sqs.list(QueueNamePrefix).filter(({ name }) => name > from)
    const page = all.slice(0, MaxResults ?? 1000)
    const last = page.at(-1)
    const more = MaxResults !== undefined && all.length > page.length && last !== undefined
    return {
      ...(page.length > 0 ? { QueueUrls: page.map(urlOf) } : {}),
      ...(more ? { NextToken: Buffer.from(last.name).toString('base64url') } : {}),
    }
  },
  StartMessageMoveTask({ input, sqs }) {
    const { SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond } = requests.read(
      requests.MoveSchema,
      input,
    )
    const destination = DestinationArn === undefined ? undefined : queueAt(sqs, DestinationArn)
    const task = sqs.moveTasks.start(queueAt(sqs, SourceArn), {
      destination,
      perSecond: MaxNumberOfMessagesPerSecond,
    })
    return { TaskHandle: task.handle }
  },
  ListMessageMoveTasks({ input, sqs }) {
    const { SourceArn, MaxResults } = requests.read(requests.MovesSchema, input)
    return { Results: sqs.moveTasks.list(queueAt(sqs, SourceArn), MaxResults).map(moveTaskView) }
  },
  CancelMessageMoveTask({ input, sqs }) {
    const { moved } = sqs.moveTasks.cancel(requests.read(requests.TaskSchema, input).TaskHandle)
    return { ApproximateNumberOfMessagesMoved: moved }
  },
}

function queueAt(sqs: SqsService, arn: string): Queue {
  const found = sqs.findByArn(arn)
  if (found) return found
  throw new AwsError(
    'ResourceNotFoundException',
    `The resource that you specified for the SourceArn or DestinationArn parameter doesn't exist: ${arn.slice(0, 200)}`,
    404,
  )
}

/** What the permission for an operation without QueueUrl is about. */
function resourceOf(
  action: string,
  { QueueName, SourceArn, TaskHandle }: Input,
  sqs: SqsService,
  { account, region }: { account: string; region: string },
): string {
  if (SourceArn !== undefined) return String(SourceArn)
  if (TaskHandle !== undefined) return sqs.moveTasks.sourceOf(String(TaskHandle))
  return action === 'ListQueues' ? `arn:aws:sqs:${region}:${account}:*` : sqs.arnOf(String(QueueName))
}

function parse(body: Buffer): Input {
  try {
    const input: unknown = JSON.parse(body.toString())
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Input
  } catch {
    // Told below.
  }
  throw new AwsError('SerializationException', 'the body is no JSON object')
}

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.0' }

const json = (answer: object): AwsResponse => ({
  status: 200,
  headers: JSON_TYPE,
  body: JSON.stringify(answer),
})

function refusal({ code, message, status }: AwsError): AwsResponse {
  const headers = { ...JSON_TYPE, 'x-amzn-query-error': `${queryCode(code)};Sender` }
  return { status, headers, body: JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message }) }
}
