import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { S3Client } from '@aws-sdk/client-s3'
import { SFNClient } from '@aws-sdk/client-sfn'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { StageError } from '../../infra/stage-place.ts'

/** Clients for the credentials and region of the environment. */
export type Aws = {
  account: string
  region: string
  partition: string
  cloudformation: CloudFormationClient
  dynamodb: DynamoDBClient
  events: EventBridgeClient
  s3: S3Client
  states: SFNClient
}

/** Throws StageError when there are no credentials, or no region. */
export async function connectToAws(): Promise<Aws> {
  const sts = new STSClient({})
  const whoAmI = sts.send(new GetCallerIdentityCommand({})).catch((error: Error) => {
    const message = `AWS does not know who this is (${error.message}): credentials and a region are needed, as by AWS_PROFILE and AWS_REGION`
    throw new StageError(message)
  })
  const { Account = '', Arn = '' } = await whoAmI
  const region = await sts.config.region()
  return {
    account: Account,
    region,
    partition: Arn.split(':')[1] ?? 'aws',
    cloudformation: new CloudFormationClient({}),
    dynamodb: new DynamoDBClient({}),
    events: new EventBridgeClient({}),
    // An endpoint with a single host cannot have bucket names in its host names.
    s3: new S3Client({ forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined }),
    states: new SFNClient({}),
  }
}
