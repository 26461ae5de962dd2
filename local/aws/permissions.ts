import { placeOf } from '../s3/place.ts'
import { keysToDelete } from '../s3/removal/delete-objects.ts'
import type { AwsRequest } from './requests.ts'

type Place = { account: string; region: string }
type Body = Record<string, unknown>

/** The tables and indexes that a DynamoDB call touches. */
export function dynamodbResources(action: string, body: Body, { account, region }: Place): string[] {
  const arn = (table: string): string => `arn:aws:dynamodb:${region}:${account}:table/${table}`
  if (action.startsWith('Batch')) return Object.keys((body.RequestItems ?? {}) as object).map(arn)
  const table = arn(String(body.TableName ?? '*'))
  return [body.IndexName === undefined ? table : `${table}/index/${String(body.IndexName)}`]
}

/** The names of the partition keys of tables and of their indexes. */
export type PartitionOf = (table: string, index?: string) => string

type AttributeValue = Readonly<Record<string, unknown>>
type Item = Readonly<Record<string, AttributeValue>>

/**
 * The values of partition keys that a DynamoDB call touches (`dynamodb:LeadingKeys`): of one item, of all items of a batch, of what a query
 * asks for. A scan touches none that could be told, as in AWS.
 */
export function leadingKeys(action: string, body: Body, partitionOf: PartitionOf): string[] {
  if (action.startsWith('Batch')) return keysOfBatch(body, partitionOf)
  const table = String(body.TableName)
  if (action === 'Query') {
    const index = body.IndexName === undefined ? undefined : String(body.IndexName)
    return [keyOfQuery(body, partitionOf(table, index))]
  }
  const item = (body.Key ?? body.Item) as Item | undefined
  return item === undefined ? [] : [textOf(item[partitionOf(table)])]
}

function keysOfBatch(body: Body, partitionOf: PartitionOf): string[] {
  const asked = (body.RequestItems ?? {}) as Record<string, { Keys?: Item[] } | WriteRequest[]>
  return Object.entries(asked).flatMap(([table, of]) => {
    const items = Array.isArray(of) ? of.map(itemOf) : (of.Keys ?? [])
    return items.map((item) => textOf(item[partitionOf(table)]))
  })
}

type WriteRequest = { PutRequest?: { Item: Item }; DeleteRequest?: { Key: Item } }

const itemOf = ({ PutRequest, DeleteRequest }: WriteRequest): Item =>
  PutRequest?.Item ?? DeleteRequest?.Key ?? {}

const EQUALITY = /([#\w.-]+)\s*=\s*(:\w+)/g

/** Empty where the query does not say it, which no policy with keys allows. */
function keyOfQuery(body: Body, partition: string): string {
  const names = (body.ExpressionAttributeNames ?? {}) as Record<string, string>
  const values = (body.ExpressionAttributeValues ?? {}) as Item
  for (const [, name = '', value = ''] of String(body.KeyConditionExpression ?? '').matchAll(EQUALITY))
    if ((names[name] ?? name) === partition) return textOf(values[value])
  const conditions = (body.KeyConditions ?? {}) as Record<string, { AttributeValueList?: AttributeValue[] }>
  return textOf(conditions[partition]?.AttributeValueList?.[0])
}

const textOf = (value: AttributeValue | undefined): string => String(Object.values(value ?? {})[0] ?? '')

/**
 * The state machine or execution that a Step Functions call concerns: chosen by the action, not by other fields of its body. For a
 * machine to be created it is the future ARN; for a task token, the token's machine.
 */
export function statesResource(
  action: string,
  { stateMachineArn, stateMachineVersionArn, executionArn, mapRunArn, name, taskToken }: Body,
  { account, region, machineOf }: Place & { machineOf: (token: string) => string },
): string {
  if (action.startsWith('SendTask')) return machineOf(String(taskToken))
  if (action === 'CreateStateMachine')
    return `arn:aws:states:${region}:${account}:stateMachine:${String(name)}`
  if (BY_EXECUTION.includes(action)) return String(executionArn)
  return String(stateMachineArn ?? stateMachineVersionArn ?? mapRunArn ?? '*')
}

const BY_EXECUTION = [
  'DescribeExecution',
  'StopExecution',
  'RedriveExecution',
  'GetExecutionHistory',
  'DescribeStateMachineForExecution',
]

/** A form upload carries its own signature; all other requests are authorized by action and resource. */
export function s3Action({ method, path, url }: AwsRequest): { action?: string; resource: string } {
  const { bucket, key } = placeOf(path)
  if (bucket === '') return { action: 's3:ListAllMyBuckets', resource: '*' }
  if (key === '' && method === 'POST') return { resource: '' }
  const isOfVersion = url.searchParams.has('versionId')
  if (key === '' && url.searchParams.has('versions'))
    return { action: 's3:ListBucketVersions', resource: `arn:aws:s3:::${bucket}` }
  if (key === '') return { action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}` }
  const isUpload = url.searchParams.has('uploadId')
  const action =
    {
      PUT: 's3:PutObject',
      POST: 's3:PutObject',
      DELETE: isUpload ? 's3:AbortMultipartUpload' : `s3:DeleteObject${isOfVersion ? 'Version' : ''}`,
    }[method] ?? `s3:GetObject${isOfVersion ? 'Version' : ''}`
  return { action, resource: `arn:aws:s3:::${bucket}/${key}` }
}

type Permission = { action?: string; resource: string }

/** Each permission that a request needs: one that deletes several objects needs it for each of them. */
export function s3Permissions(request: AwsRequest): Permission[] {
  const { bucket, key } = placeOf(request.path)
  if (key !== '' || request.method !== 'POST' || !request.url.searchParams.has('delete'))
    return [s3Action(request)]
  return keysToDelete(request.body.toString()).map((one) => ({
    action: 's3:DeleteObjectVersion',
    resource: `arn:aws:s3:::${bucket}/${one}`,
  }))
}
