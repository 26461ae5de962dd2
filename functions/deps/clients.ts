import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { S3Client } from '@aws-sdk/client-s3'
import { SFNClient } from '@aws-sdk/client-sfn'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { environment } from './environment.ts'
import { once } from './once.ts'

export const tasksTable = () => ({ client: dynamodb(), table: environment().TASKS_TABLE })

export const registryTable = () => ({ client: dynamodb(), table: environment().REGISTRY_TABLE })

/** With a client of its own, which reads numbers as text, because counters exceed 2^53. */
export const countersTable = () => ({
  client: once('counters', () =>
    withoutSdkLog(
      DynamoDBDocumentClient.from(new DynamoDBClient({}), {
        unmarshallOptions: { wrapNumbers: (value) => value },
      }),
    ),
  ),
  table: environment().REGISTRY_TABLE,
})

const dynamodb = (): DynamoDBDocumentClient =>
  once('dynamodb', () =>
    withoutSdkLog(
      DynamoDBDocumentClient.from(new DynamoDBClient({}), {
        marshallOptions: { removeUndefinedValues: true },
      }),
    ),
  )

export const bucket = () => ({ client: once('s3', () => new S3Client({})), bucket: environment().BUCKET })

export const sfn = (): SFNClient => once('sfn', () => new SFNClient({ cacheMiddleware: true }))

export const lambda = (): LambdaClient => once('lambda', () => new LambdaClient({}))

export const eventBridge = (): EventBridgeClient =>
  once('eventbridge', () => withoutSdkLog(new EventBridgeClient({ cacheMiddleware: true })))

/** The SDK's log output is not used, and preparing it takes a sixth of a call's time. */
function withoutSdkLog<T extends { middlewareStack: { remove(name: string): boolean } }>(client: T): T {
  client.middlewareStack.remove('loggerMiddleware')
  return client
}
