import * as z from 'zod'
import { arnIn, type Place, textOf } from '../assembly/place.ts'
import type { Provisioners } from '../assembly/provision.ts'
import type { DynamoDBService } from './service.ts'

const KeySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.string() }))
const TableSchema = z.object({
  AttributeDefinitions: z.unknown(),
  KeySchema,
  GlobalSecondaryIndexes: z.array(z.looseObject({ IndexName: z.string(), KeySchema })).optional(),
})

export function dynamodbProvisioners(dynamodb: DynamoDBService, place: Place): Provisioners {
  return {
    'AWS::DynamoDB::Table': async ({ stack, logicalId, properties }) => {
      const TableName = textOf(properties, 'TableName') ?? `${stack}-${logicalId}`
      const described = TableSchema.parse(properties)
      dynamodb.createTable({ TableName, BillingMode: 'PAY_PER_REQUEST', ...described })
      const { AttributeName, Enabled } = (properties.TimeToLiveSpecification ?? {}) as Partial<{
        AttributeName: string
        Enabled: boolean
      }>
      if (Enabled === true && AttributeName !== undefined) dynamodb.setExpiry(TableName, AttributeName)
      return { ref: TableName, attributes: { Arn: arnIn(place, 'dynamodb', `table/${TableName}`) } }
    },
  }
}
