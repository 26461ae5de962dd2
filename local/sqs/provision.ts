import * as z from 'zod'
import { type Place, textOf } from '../assembly/place.ts'
import type { Properties, Provisioners } from '../assembly/provision.ts'
import { QueueStatementSchema } from './policy.ts'
import type { SqsService } from './service.ts'

const PolicySchema = z.object({
  PolicyDocument: z.object({ Statement: z.array(QueueStatementSchema) }),
  Queues: z.array(z.string()),
})

/** Properties that are no attributes of SQS. */
const OTHERS = ['QueueName', 'Tags']

/** Queues and their policies. */
export function sqsProvisioners(
  sqs: SqsService,
  { account, awsUrl }: Place & { awsUrl: string },
): Provisioners {
  return {
    'AWS::SQS::Queue': async ({ stack, logicalId, properties }) => {
      const suffix = properties.FifoQueue === true ? '.fifo' : ''
      const name = textOf(properties, 'QueueName') ?? `${stack}-${logicalId}`.slice(-75) + suffix
      const { arn } = sqs.put(name, attributesOf(properties))
      return { ref: `${awsUrl}/${account}/${name}`, attributes: { Arn: arn, QueueName: name } }
    },

    'AWS::SQS::QueuePolicy': async ({ stack, logicalId, properties }) => {
      const { PolicyDocument, Queues } = PolicySchema.parse(properties)
      const names = Queues.map((url) => url.split('/').at(-1) ?? '')
      sqs.putPolicy(`${stack}/${logicalId}`, names, PolicyDocument.Statement)
      return { ref: logicalId }
    },
  }
}

/** CloudFormation has numbers, booleans and objects where SQS has texts. */
function attributesOf(properties: Properties): Record<string, string> {
  const given = Object.entries(properties).filter(([name]) => !OTHERS.includes(name))
  return Object.fromEntries(
    given.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
  )
}
