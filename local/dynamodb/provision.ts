import { arnIn, type Place, textOf } from '../assembly/place.ts'
import type { Provisioners } from '../assembly/provision.ts'
import type { DynamoDBService } from './service.ts'

export function dynamodbProvisioners(dynamodb: DynamoDBService, place: Place): Provisioners {
  return {
    'AWS::DynamoDB::Table': async ({ stack, logicalId, properties }) => {
      const TableName = textOf(properties, 'TableName') ?? `${stack}-${logicalId}`
      const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = properties
      dynamodb.createTable({
        TableName,
        AttributeDefinitions,
        KeySchema,
        BillingMode: 'PAY_PER_REQUEST',
        ...(GlobalSecondaryIndexes ? { GlobalSecondaryIndexes } : {}),
      } as { TableName: string })
      const { AttributeName, Enabled } = (properties.TimeToLiveSpecification ?? {}) as Partial<{
        AttributeName: string
        Enabled: boolean
      }>
      if (Enabled === true && AttributeName !== undefined) dynamodb.setExpiry(TableName, AttributeName)
      return { ref: TableName, attributes: { Arn: arnIn(place, 'dynamodb', `table/${TableName}`) } }
    },
  }
}
