/** What a policy with `dynamodb:LeadingKeys` allows on the local cloud: for each way in which a request names its items. */
import { afterAll, expect, it } from 'vitest'
import { leadingKeys } from '../../../local/aws/permissions.ts'
import { DynamoDBService } from '../../../local/dynamodb/service.ts'
import { IamService } from '../../../local/iam/service.ts'

const text = (value: string) => ({ S: value })
const dynamodb = new DynamoDBService()
dynamodb.createTable({
  TableName: 'orders',
  KeySchema: [
    { AttributeName: 'sk', KeyType: 'RANGE' },
    { AttributeName: 'customer', KeyType: 'HASH' },
  ],
  GlobalSecondaryIndexes: [{ IndexName: 'byDay', KeySchema: [{ AttributeName: 'day', KeyType: 'HASH' }] }],
  AttributeDefinitions: ['customer', 'sk', 'day'].map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S',
  })),
})
afterAll(() => dynamodb.stop())

const equals = (KeyConditionExpression: string, more: object = {}) => ({
  TableName: 'registry',
  KeyConditionExpression,
  ExpressionAttributeValues: { ':k': text('APIKEY#1'), ':from': text('x') },
  ...more,
})
const batch = (...pks: string[]) => ({ Keys: pks.map((pk) => ({ pk: text(pk), sk: text('META') })) })

const REQUESTS: [string, string, object, string[]][] = [
  ['an item', 'GetItem', { TableName: 'registry', Key: { pk: text('APIKEY#1') } }, ['APIKEY#1']],
  ['a written item', 'PutItem', { TableName: 'registry', Item: { pk: text('APIKEY#1') } }, ['APIKEY#1']],
  [
    'a batch',
    'BatchGetItem',
    { RequestItems: { registry: batch('STAT#1', 'APIKEY#1') } },
    ['STAT#1', 'APIKEY#1'],
  ],
  [
    'a batch of writes',
    'BatchWriteItem',
    {
      RequestItems: {
        registry: [
          { PutRequest: { Item: { pk: text('APIKEY#1') } } },
          { DeleteRequest: { Key: { pk: text('APIKEY#2') } } },
        ],
      },
    },
    ['APIKEY#1', 'APIKEY#2'],
  ],
  ['a query', 'Query', equals('pk = :k AND sk >= :from'), ['APIKEY#1']],
  ['a query, the other way round', 'Query', equals('sk = :from AND pk=:k'), ['APIKEY#1']],
  [
    'a query by another name',
    'Query',
    equals('#p = :k', { ExpressionAttributeNames: { '#p': 'pk' } }),
    ['APIKEY#1'],
  ],
  [
    'a query of before',
    'Query',
    { TableName: 'registry', KeyConditions: { pk: { AttributeValueList: [text('APIKEY#1')] } } },
    ['APIKEY#1'],
  ],
  ['a query that says no key', 'Query', equals('sk = :from'), ['']],
  ['another table', 'GetItem', { TableName: 'orders', Key: { customer: text('APIKEY#1') } }, ['APIKEY#1']],
  ['an index of it', 'Query', equals('day = :k', { TableName: 'orders', IndexName: 'byDay' }), ['APIKEY#1']],
]

it.each(REQUESTS)('are those of %s', (_, action, body, keys) => {
  const asked = leadingKeys(action, body as Record<string, unknown>, (table, index) =>
    dynamodb.partitionOf(table, index),
  )
  expect(asked).toEqual(keys)
  const iam = new IamService()
  iam.putRole('agent', 'arn:aws:iam::1:role/agent')
  iam.attach('agent', [
    {
      Effect: 'Allow',
      Action: ['dynamodb:*'],
      Resource: ['*'],
      Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['STAT#*'] } },
    },
  ])
  const { AWS_ACCESS_KEY_ID } = iam.credentialsOf('arn:aws:iam::1:role/agent')
  const ask = (of: string[]) =>
    iam.authorizeKey(AWS_ACCESS_KEY_ID, `dynamodb:${action}`, 'arn:table', { 'dynamodb:LeadingKeys': of })
  expect(() => ask(asked)).toThrow('is not authorized to perform')
  expect(() => ask(asked.map(() => 'STAT#1'))).not.toThrow()
  expect(() => ask(['STAT#any\ntext'])).not.toThrow()
})
