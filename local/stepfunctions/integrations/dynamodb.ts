import { dynamodbResources } from '../../aws/permissions.ts'
import type { DynamoDBService } from '../../dynamodb/service.ts'
import { StateError } from '../run/state-error.ts'
import { type Authorize, callService } from './authorize.ts'
import type { Integrations } from './integration.ts'

const SUFFIX = 'Exception'

/**
 * `aws-sdk:dynamodb:*`: the parameters are DynamoDB's own. Errors are named as the Java SDK does: `DynamoDb.` before the
 * exception; a ValidationException, which that SDK has no class for, is `DynamoDb.DynamoDbException`.
 */
export function dynamodbIntegration(
  dynamodb: DynamoDBService,
  place: { account: string; region: string },
  authorize: Authorize,
): Integrations {
  return {
    'aws-sdk:dynamodb:*': async ({ roleArn, resource, arguments: parameters }) => {
      const [name = ''] = (resource.split(':').at(-1) ?? '').split('.')
      const action = `${name[0]?.toUpperCase()}${name.slice(1)}`
      await callService('DynamoDb', () => {
        for (const arn of dynamodbResources(action, parameters, place))
          authorize(roleArn, `dynamodb:${action}`, arn)
      })
      const { status, body } = await dynamodb.send(`DynamoDB_20120810.${action}`, JSON.stringify(parameters))
      const answer = JSON.parse(body) as Record<string, unknown>
      if (status === 200) return answer
      throw refusal(answer, status)
    },
  }
}

function refusal(
  { __type, message, Message = message }: Record<string, unknown>,
  status: number,
): StateError {
  const code = String(__type).split('#').at(-1) ?? ''
  const name = code.endsWith(SUFFIX) && code !== 'ValidationException' ? code : 'DynamoDbException'
  return new StateError(`DynamoDb.${name}`, `${String(Message)} (Service: DynamoDb, Status Code: ${status})`)
}
