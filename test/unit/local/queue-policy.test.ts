import { describe, expect, it } from 'vitest'
import { sqsProvisioners } from '../../../local/sqs/provision.ts'
import { SqsService } from '../../../local/sqs/service.ts'

const PLACE = { account: '000000000000', region: 'us-east-1', awsUrl: 'http://127.0.0.1:1' }
const RULE = 'arn:aws:events:us-east-1:000000000000:rule/R'
const EVENTS = { Service: 'events.amazonaws.com' }
const allow = (more: object = {}) => ({
  Effect: 'Allow',
  Principal: EVENTS,
  Action: 'sqs:SendMessage',
  Resource: '*',
  ...more,
})

/** A queue of a template, with its policy. */
async function made(Statement: object[], properties: object = {}) {
  const sqs = new SqsService(PLACE)
  const provisioners = sqsProvisioners(sqs, PLACE)
  const make = (type: string, logicalId: string, given: object) =>
    provisioners[type]?.({ stack: 's', logicalId, type, properties: { ...given } })
  const queue = await make('AWS::SQS::Queue', 'Q', properties)
  await make('AWS::SQS::QueuePolicy', 'P', { PolicyDocument: { Statement }, Queues: [queue?.ref] })
  return { sqs, queue }
}

describe('the policy of a queue', () => {
  it.each([
    ['nothing', [], false],
    ['this service', [allow()], true],
    ['another service', [allow({ Principal: { Service: 'sns.amazonaws.com' } })], false],
    ['anybody', [allow({ Principal: '*' })], true],
    ['another action', [allow({ Action: ['sqs:ReceiveMessage'] })], false],
    ['all actions', [allow({ Action: 'sqs:*' })], true],
    ['another queue', [allow({ Resource: 'arn:aws:sqs:us-east-1:000000000000:other' })], false],
    ['this rule', [allow({ Condition: { ArnEquals: { 'aws:SourceArn': RULE } } })], true],
    [
      'rules like it',
      [allow({ Condition: { ArnLike: { 'aws:SourceArn': [`${RULE.slice(0, -1)}*`] } } })],
      true,
    ],
    ['another rule', [allow({ Condition: { ArnEquals: { 'aws:SourceArn': `${RULE}x` } } })], false],
    ['another account', [allow({ Condition: { StringEquals: { 'aws:SourceAccount': '1' } } })], false],
    [
      'no insecure transport',
      [
        allow(),
        {
          ...allow({ Effect: 'Deny', Principal: { AWS: '*' } }),
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
      true,
    ],
    ['nobody', [allow(), allow({ Effect: 'Deny' })], false],
  ])('lets %s send to it', async (_name, statements, expected) => {
    const { sqs, queue } = await made(statements)
    const arn = String(queue?.attributes?.Arn)
    expect(sqs.mayServiceSend(arn, EVENTS.Service, RULE)).toBe(expected)
  })

  it('with conditions that the local cloud does not know is refused', async () => {
    const given = allow({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } })
    await expect(made([given])).rejects.toThrow('of all conditions of queue policies')
  })
})

describe('a queue of a template', () => {
  it('has URL, ARN and name, and the attributes of the template', async () => {
    const { sqs, queue } = await made([], {
      MessageRetentionPeriod: 1_209_600,
      RedrivePolicy: { deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:d', maxReceiveCount: 3 },
      Tags: [{ Key: 'a', Value: 'b' }],
    })
    expect(queue).toEqual({
      ref: 'http://127.0.0.1:1/000000000000/s-Q',
      attributes: { Arn: 'arn:aws:sqs:us-east-1:000000000000:s-Q', QueueName: 's-Q' },
    })
    expect(sqs.at(String(queue?.ref)).settings).toMatchObject({
      fifo: false,
      retention: 1_209_600,
      redrive: { maxReceiveCount: 3 },
    })
  })

  it('has a name that ends in .fifo if it is one', async () => {
    const { sqs, queue } = await made([], { FifoQueue: true, ContentBasedDeduplication: true })
    expect(sqs.at(String(queue?.ref)).name).toBe('s-Q.fifo')
  })

  it('with attributes that SQS refuses is refused', async () => {
    await expect(made([], { VisibilityTimeout: 50_000 })).rejects.toThrow(
      'VisibilityTimeout: "50000"; it must be an integer from 0 to 43200',
    )
    await expect(made([], { Colour: 'red' })).rejects.toThrow('Unknown Attribute Colour')
  })
})
