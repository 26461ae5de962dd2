import { randomUUID } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { DynamoDBService } from '../dynamodb/service.ts'
import { type EventsService, parseRate } from '../events/service.ts'
import type { GatewayRoute } from '../gateway/gateway-server.ts'
import type { IamService } from '../iam/service.ts'
import type { FunctionSettings } from '../lambda/lambda-function.ts'
import type { LambdaService } from '../lambda/service.ts'
import type { ObjectStore } from '../s3/object-store.ts'
import type { StepFunctionsService } from '../stepfunctions/service.ts'
import type { Properties, Provisioner } from './provision.ts'
import { FunctionSchema, MachineSchema, PolicySchema, TargetSchema } from './resource-properties.ts'

export type LocalServices = {
  account: string
  region: string
  assets: ReadonlyMap<string, string>
  dynamodb: DynamoDBService
  objects: ObjectStore
  events: EventsService
  iam: IamService
  lambda: LambdaService
  stepfunctions: StepFunctionsService
  routes: GatewayRoute[]
  /** Where the endpoint will answer: functions reach the services there. */
  awsUrl: string
  onLog?: (functionName: string, text: string) => void
  /** Answers what functions ask of the services. */
  onServiceCall: NonNullable<FunctionSettings['onServiceCall']>
  /** Resolves when the custom resource with this id has answered. */
  awaitAnswer(id: string): Promise<{ Status: string; Reason?: string }>
}

/** Resources that nothing running here depends on. */
export const IGNORABLE = [
  'AWS::ApiGatewayV2::Stage',
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::Events::Archive',
  'AWS::IAM::ManagedPolicy',
  'AWS::KMS::Key',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Logs::QueryDefinition',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
]

/** A provisioner for each type of resource that our stacks use. */
export function makeProvisioners(services: LocalServices): Readonly<Record<string, Provisioner>> {
  const { account, region, dynamodb, objects, events, iam, lambda, stepfunctions, routes } = services
  const arn = (service: string, resource: string): string =>
    `arn:aws:${service}:${region}:${account}:${resource}`
  const integrations = new Map<string, string>()

  return {
    'AWS::DynamoDB::Table': async ({ stack, logicalId, properties }) => {
      const TableName = text(properties, 'TableName') ?? `${stack}-${logicalId}`
      const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = properties
      dynamodb.createTable({
        TableName,
        AttributeDefinitions,
        KeySchema,
        BillingMode: 'PAY_PER_REQUEST',
        ...(GlobalSecondaryIndexes ? { GlobalSecondaryIndexes } : {}),
      } as { TableName: string })
      return { ref: TableName, attributes: { Arn: arn('dynamodb', `table/${TableName}`) } }
    },

    'AWS::S3::Bucket': async ({ stack, logicalId, properties }) => {
      const name = text(properties, 'BucketName') ?? `${stack}-${logicalId}`.toLowerCase()
      await objects.createBucket(name)
      return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } }
    },

    'AWS::Events::EventBus': async ({ logicalId, properties }) => {
      const name = text(properties, 'Name') ?? logicalId
      events.putBus(name)
      return { ref: name, attributes: { Arn: arn('events', `event-bus/${name}`), Name: name } }
    },

    'AWS::Events::Rule': async ({ logicalId, properties }) => {
      const { EventPattern, ScheduleExpression, EventBusName = 'default', Targets = [] } = properties
      const everyMilliseconds = parseRate(ScheduleExpression as string | undefined)
      if (ScheduleExpression && !everyMilliseconds)
        throw new Error(`${logicalId}: only rate(...) schedules run locally`)
      const targets = z.array(TargetSchema).parse(Targets)
      events.putRule({
        name: logicalId,
        bus: String(EventBusName),
        pattern: EventPattern as Record<string, unknown> | undefined,
        everyMilliseconds,
        targets,
      })
      if (EventPattern) for (const { arn } of targets) lambda.warm(arn)
      return { ref: logicalId, attributes: { Arn: arn('events', `rule/${logicalId}`) } }
    },

    'AWS::SQS::Queue': async ({ stack, logicalId }) => {
      const name = `${stack}-${logicalId}`
      return {
        ref: `${services.awsUrl}/${account}/${name}`,
        attributes: { Arn: arn('sqs', name), QueueName: name },
      }
    },

    'AWS::Logs::LogGroup': async ({ logicalId, properties }) => {
      const name = text(properties, 'LogGroupName') ?? logicalId
      return { ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } }
    },

    'AWS::IAM::Role': async ({ stack, logicalId, properties }) => {
      const name = text(properties, 'RoleName') ?? `${stack}-${logicalId}`
      const roleArn = `arn:aws:iam::${account}:role/${name}`
      iam.putRole(name, roleArn)
      return { ref: name, attributes: { Arn: roleArn, RoleId: name } }
    },

    'AWS::IAM::Policy': async ({ logicalId, properties }) => {
      const { PolicyDocument, Roles } = PolicySchema.parse(properties)
      for (const role of Roles) iam.attach(role, PolicyDocument.Statement)
      return { ref: logicalId }
    },

    'AWS::Lambda::Function': async ({ logicalId, properties }) => {
      const settings = FunctionSchema.parse(properties)
      const name = settings.FunctionName ?? logicalId
      const functionArn = arn('lambda', `function:${name}`)
      const [file = 'index', handler = 'handler'] = settings.Handler.split('.')
      lambda.put({
        name,
        arn: functionArn,
        entry: await bundleOf(services, name, settings.Code.S3Key, `${file}.mjs`),
        handler,
        timeoutSeconds: settings.Timeout,
        memoryMb: settings.MemorySize,
        environment: {
          ...settings.Environment.Variables,
          ...runtimeVariables(services, name, settings.MemorySize),
          ...iam.credentialsOf(settings.Role),
        },
        onServiceCall: services.onServiceCall,
        ...(services.onLog ? { onLog: services.onLog } : {}),
      })
      return { ref: name, attributes: { Arn: functionArn } }
    },

    'AWS::Lambda::Permission': async ({ logicalId, properties }) => {
      lambda.permit(String(properties.FunctionName), String(properties.Principal))
      return { ref: logicalId }
    },

    'AWS::StepFunctions::StateMachine': async ({ logicalId, properties }) => {
      const machine = MachineSchema.parse(properties)
      const name = machine.StateMachineName ?? logicalId
      const stateMachineArn = arn('states', `stateMachine:${name}`)
      const text =
        machine.DefinitionString ?? (await definitionIn(services, name, machine.DefinitionS3Location?.Key))
      const definition = substitute(logicalId, text, machine.DefinitionSubstitutions)
      stepfunctions.putStateMachine({ stateMachineArn, name, definition, roleArn: machine.RoleArn })
      const attributes = { Arn: stateMachineArn, Name: name, StateMachineRevisionId: 'local' }
      return { ref: stateMachineArn, attributes }
    },

    'AWS::StepFunctions::StateMachineVersion': async ({ properties }) => {
      const { stateMachineArn: ref } = stepfunctions.publishVersion(String(properties.StateMachineArn))
      return { ref, attributes: { Arn: ref } }
    },

    'AWS::ApiGatewayV2::Api': async () => {
      const ref = 'local'
      return { ref, attributes: { ApiEndpoint: `http://${ref}`, ApiId: ref } }
    },

    'AWS::ApiGatewayV2::Integration': async ({ logicalId, properties }) => {
      const functionArn = String(properties.IntegrationUri)
      integrations.set(logicalId, functionArn)
      lambda.warm(functionArn, { forPeople: true })
      return { ref: logicalId }
    },

    'AWS::ApiGatewayV2::Route': async ({ logicalId, properties }) => {
      const [method = '', path = ''] = String(properties.RouteKey).split(' ')
      const functionArn = integrations.get(String(properties.Target).replace(/^integrations\//, ''))
      if (!functionArn) throw new Error(`${logicalId}: route ${properties.RouteKey} has no integration`)
      routes.push({ method, path, functionArn })
      return { ref: logicalId }
    },

    'AWS::CloudFormation::CustomResource': async ({ stack, logicalId, type, properties }) => {
      const { ServiceToken, ...ResourceProperties } = properties
      const id = randomUUID()
      const answer = services.awaitAnswer(id)
      const event = {
        RequestType: 'Create',
        ResponseURL: `${services.awsUrl}/_cloudformation/${id}`,
        StackId: arn('cloudformation', `stack/${stack}/local`),
        RequestId: id,
        LogicalResourceId: logicalId,
        ResourceType: type,
        ResourceProperties,
      }
      const outcome = await lambda.invoke(String(ServiceToken), JSON.stringify(event))
      if ('functionError' in outcome)
        throw new Error(
          `${stack}/${logicalId}: ${outcome.functionError.errorType}: ${outcome.functionError.errorMessage}`,
        )
      const { Status, Reason } = await answer
      if (Status !== 'SUCCESS') throw new Error(`${stack}/${logicalId}: ${Reason ?? 'it failed'}`)
      return { ref: logicalId }
    },
  }
}

async function bundleOf({ assets }: LocalServices, name: string, key: string, file: string): Promise<string> {
  const folder = assets.get(key)
  const path = folder && join(folder, file)
  const found = path && (await stat(path).catch(() => undefined))
  if (found) return path
  throw new Error(`function ${name}: its bundle (${key}) is not in the assembly`)
}

async function definitionIn({ assets }: LocalServices, name: string, key = ''): Promise<string> {
  const path = assets.get(key)
  if (path) return readFile(path, 'utf8')
  throw new Error(`state machine ${name}: its definition (${key}) is not in the assembly`)
}

/** What the Lambda runtime itself sets. */
function runtimeVariables(
  { region, awsUrl }: LocalServices,
  name: string,
  memoryMb: number,
): Record<string, string> {
  return {
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: awsUrl,
    TZ: ':UTC',
    // There is no X-Ray here; left to itself its SDK hooks into every promise, for nothing.
    AWS_XRAY_MANUAL_MODE: 'true',
  }
}

function substitute(logicalId: string, definition: string, values: Record<string, string>): string {
  return definition.replace(/\$\{([A-Za-z0-9]+)\}/g, (whole, name: string) => {
    const value = values[name]
    if (value === undefined)
      throw new Error(`${logicalId}: its definition has ${whole}, for which there is no substitution`)
    return value
  })
}

function text(properties: Properties, name: string): string | undefined {
  const value = properties[name]
  return typeof value === 'string' ? value : undefined
}
