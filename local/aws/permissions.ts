import { placeOf } from '../s3/place.ts'
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

/**
 * The machine or execution that a Step Functions call is about: by the action, not by what else its body may hold. A machine
 * that is to be created has its ARN already; a token is of a machine.
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

/** An upload by form carries its own signature; everything else is authorised by action and resource. */
export function s3Action({ method, path }: AwsRequest): { action?: string; resource: string } {
  const { bucket, key } = placeOf(path)
  if (bucket === '') return { action: 's3:ListAllMyBuckets', resource: '*' }
  if (key === '' && method === 'POST') return { resource: '' }
  if (key === '') return { action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}` }
  const action = { PUT: 's3:PutObject', DELETE: 's3:DeleteObject' }[method] ?? 's3:GetObject'
  return { action, resource: `arn:aws:s3:::${bucket}/${key}` }
}
