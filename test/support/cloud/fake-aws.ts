import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { S3Client } from '@aws-sdk/client-s3'
import { SFNClient } from '@aws-sdk/client-sfn'
import type { Aws } from '../../../scripts/deployment/aws.ts'
import { type Send, withSend } from './replaced-send.ts'

type Service = 'cloudformation' | 'dynamodb' | 'events' | 's3' | 'states'
/** AWS clients with the given services; a command to any other service fails the test. */
export function fakeAws(answers: Partial<Record<Service, Send>>): Aws {
  const region = 'eu-west-1'
  const sendOf =
    (service: Service): Send =>
    (command) => {
      const send = answers[service]
      if (send) return send(command)
      throw new Error(`the test has no answer for ${service}: ${command.constructor.name}`)
    }
  return {
    account: '111111111111',
    region,
    partition: 'aws',
    cloudformation: withSend(new CloudFormationClient({ region }), sendOf('cloudformation')),
    dynamodb: withSend(new DynamoDBClient({ region }), sendOf('dynamodb')),
    events: withSend(new EventBridgeClient({ region }), sendOf('events')),
    s3: withSend(new S3Client({ region }), sendOf('s3')),
    states: withSend(new SFNClient({ region }), sendOf('states')),
  }
}
