import type { BedrockRuntimeService } from '../bedrock-runtime/service.ts'
import { answerBedrock, isForBedrock } from '../bedrock-runtime/wire.ts'
import type { DynamoDBService } from '../dynamodb/service.ts'
import type { EmailService } from '../email/service.ts'
import type { EventsService } from '../events/service.ts'
import type { IamService } from '../iam/service.ts'
import type { KmsService } from '../kms/service.ts'
import { answerKms } from '../kms/wire.ts'
import type { AsynchronousInvocations } from '../lambda/asynchronous/service.ts'
import type { LambdaService } from '../lambda/service.ts'
import type { LogsService } from '../logs/service.ts'
import type { ObjectStore } from '../s3/object-store.ts'
import { answerS3 } from '../s3/wire.ts'
import type { SecretsService } from '../secretsmanager/service.ts'
import { answerParameters, answerSecrets } from '../secretsmanager/wire.ts'
import type { SqsService } from '../sqs/service.ts'
import { answerSqs, isForSqs } from '../sqs/wire/wire.ts'
import type { StepFunctionsService } from '../stepfunctions/service.ts'
import { answerStepFunctions } from '../stepfunctions/wire/wire.ts'
import { AwsError } from './errors.ts'
import { dynamodbResources, leadingKeys, s3Permissions, statesResource } from './permissions.ts'
import type { AwsRequest, AwsResponse } from './requests.ts'

type Services = {
  account: string
  region: string
  bedrock: BedrockRuntimeService
  dynamodb: DynamoDBService
  email: EmailService
  events: EventsService
  iam: IamService
  kms: KmsService
  lambda: LambdaService
  asynchronous: AsynchronousInvocations
  logs: LogsService
  objects: ObjectStore
  secrets: SecretsService
  sqs: SqsService
  stepfunctions: StepFunctionsService
  onCloudFormationAnswer(id: string, body: string): void
  /** Called with every call before it is answered. */
  onCall?: ((call: AwsCall) => void) | undefined
}

/** `caller` is the name of the role that signed; undefined for a person's own credentials. */
export type AwsCall = { action: string; caller: string | undefined; userAgent: string; bytes: number }

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.0' }
const EMAIL_PATH = '/v2/email/outbound-emails'
const LAMBDA_PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/

/** Finds the service that a request is for, authorizes its caller, and answers. */
export async function answerAws(services: Services, request: AwsRequest): Promise<AwsResponse> {
  const target = request.headers['x-amz-target']
  const { accessKeyId, headers } = request
  services.onCall?.({
    action: target ?? `${request.method} ${request.url.pathname}`,
    caller: services.iam.roleNameOf(accessKeyId),
    userAgent: headers['user-agent'] ?? '',
    bytes: request.body.length,
  })
  if (target?.startsWith('DynamoDB_20120810.')) return answerDynamoDB(services, target, request)
  if (target?.startsWith('AWSStepFunctions.'))
    return answerStates(services, target.slice('AWSStepFunctions.'.length), request)
  if (target === 'Logs_20140328.FilterLogEvents') return answerLogs(services, request)
  if (target?.startsWith('TrentService.'))
    return answerKms(services, target.slice('TrentService.'.length), request)
  if (target === 'secretsmanager.GetSecretValue') return answerSecrets(services, request)
  if (target === 'AmazonSSM.GetParameter') return answerParameters(services, request)
  if (target === 'AWSEvents.PutEvents') return answerEvents(services, request)
  if (target && isForSqs(target)) return answerSqs(services, target, request)
  if (target) throw new AwsError('UnknownOperationException', `the local cloud does not do ${target}`)
  const { pathname } = request.url
  if (pathname.startsWith('/_cloudformation/')) {
    services.onCloudFormationAnswer(pathname.split('/')[2] ?? '', request.body.toString())
    return { status: 200, headers: {}, body: '' }
  }
  if (pathname === EMAIL_PATH) return answerEmail(services, request)
  if (isForBedrock(pathname)) return answerBedrock(services, request)
  const invocation = LAMBDA_PATH.exec(pathname)
  if (invocation?.[1]) return answerLambda(services, decodeURIComponent(invocation[1]), request)
  const prefix = request.url.searchParams.get('prefix')
  const context = prefix === null ? {} : { 's3:prefix': prefix }
  for (const { action, resource } of s3Permissions(request))
    if (action) services.iam.authorizeKey(request.accessKeyId, action, resource, context)
  return answerS3(services.objects, request, services.iam)
}

async function answerDynamoDB(
  { iam, dynamodb, ...place }: Services,
  target: string,
  request: AwsRequest,
): Promise<AwsResponse> {
  const action = target.slice('DynamoDB_20120810.'.length)
  const body = parse(request)
  const partitionOf = (table: string, index?: string): string => dynamodb.partitionOf(table, index)
  const context = { 'dynamodb:LeadingKeys': leadingKeys(action, body, partitionOf) }
  for (const resource of dynamodbResources(action, body, place)) {
    iam.authorizeKey(request.accessKeyId, `dynamodb:${action}`, resource, context)
  }
  return dynamodb.send(target, request.body)
}

async function answerStates(
  { iam, stepfunctions, ...place }: Services,
  action: string,
  request: AwsRequest,
): Promise<AwsResponse> {
  const body = parse(request)
  const machineOf = (token: string): string => stepfunctions.tokens.machineOf(token)
  const resource = statesResource(action, body, { ...place, machineOf })
  iam.authorizeKey(request.accessKeyId, `states:${action}`, resource)
  // Passing a role to a state machine needs permission for the role (iam:PassRole).
  if (body.roleArn !== undefined) {
    const context = { 'iam:PassedToService': 'states.amazonaws.com' }
    iam.authorizeKey(request.accessKeyId, 'iam:PassRole', String(body.roleArn), context)
  }
  return {
    status: 200,
    headers: JSON_TYPE,
    body: JSON.stringify(answerStepFunctions(stepfunctions, action, body, place)),
  }
}

async function answerLogs(
  { iam, logs, account, region }: Services,
  request: AwsRequest,
): Promise<AwsResponse> {
  const search = parse(request)
  const arn = `arn:aws:logs:${region}:${account}:log-group:${String(search.logGroupName)}:*`
  iam.authorizeKey(request.accessKeyId, 'logs:FilterLogEvents', arn)
  return { status: 200, headers: JSON_TYPE, body: JSON.stringify(await logs.filter(search)) }
}

async function answerEmail(
  { iam, email, account, region }: Services,
  request: AwsRequest,
): Promise<AwsResponse> {
  const mail = parse(request)
  const from = email.senderOf(mail)
  const identity = `arn:aws:ses:${region}:${account}:identity/${from}`
  iam.authorizeKey(request.accessKeyId, 'ses:SendEmail', identity, { 'ses:FromAddress': from })
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(await email.send(mail)),
  }
}

async function answerEvents(
  { iam, events, account, region }: Services,
  request: AwsRequest,
): Promise<AwsResponse> {
  const entries = (parse(request).Entries ?? []) as { EventBusName?: string }[]
  for (const { EventBusName = 'default' } of entries) {
    const name = EventBusName.split('/').at(-1)
    iam.authorizeKey(
      request.accessKeyId,
      'events:PutEvents',
      `arn:aws:events:${region}:${account}:event-bus/${name}`,
    )
  }
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify(events.putEvents(entries)),
  }
}

async function answerLambda(
  { iam, lambda, asynchronous }: Services,
  name: string,
  request: AwsRequest,
): Promise<AwsResponse> {
  const { settings } = lambda.get(name)
  iam.authorizeKey(request.accessKeyId, 'lambda:InvokeFunction', settings.arn)
  const payload = request.body.length > 0 ? request.body.toString() : '{}'
  if (request.headers['x-amz-invocation-type'] === 'Event') {
    // It ends with the local cloud, and its failures go where the function's configuration says.
    asynchronous.invoke(name, payload).catch(() => undefined)
    return { status: 202, headers: {}, body: '' }
  }
  const outcome = await lambda.invoke(name, payload)
  const headers = { 'content-type': 'application/json', 'x-amz-executed-version': '$LATEST' }
  if ('payload' in outcome) return { status: 200, headers, body: outcome.payload }
  return {
    status: 200,
    headers: { ...headers, 'x-amz-function-error': 'Unhandled' },
    body: JSON.stringify(outcome.functionError),
  }
}

function parse({ body }: AwsRequest): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString())
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
    throw new Error('no object')
  } catch {
    throw new AwsError('SerializationException', 'the body is not JSON')
  }
}
