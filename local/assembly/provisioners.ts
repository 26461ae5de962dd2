import type { CustomResourceAnswers } from '../cloudformation/answers.ts'
import { cloudformationProvisioners } from '../cloudformation/provision.ts'
import { dynamodbProvisioners } from '../dynamodb/provision.ts'
import type { DynamoDBService } from '../dynamodb/service.ts'
import { eventsProvisioners } from '../events/provision.ts'
import type { EventsService } from '../events/service.ts'
import type { ServedApi } from '../gateway/gateway-api.ts'
import { gatewayProvisioners } from '../gateway/provision.ts'
import { iamProvisioners } from '../iam/provision.ts'
import type { IamService } from '../iam/service.ts'
import { kmsProvisioners } from '../kms/provision.ts'
import type { KmsService } from '../kms/service.ts'
import { asynchronousProvisioners } from '../lambda/asynchronous/provision.ts'
import type { AsynchronousInvocations } from '../lambda/asynchronous/service.ts'
import { eventSourceProvisioners, mappingIdOf } from '../lambda/event-sources/provision.ts'
import type { EventSourceMappings } from '../lambda/event-sources/service.ts'
import { type FunctionPlace, lambdaProvisioners } from '../lambda/provision.ts'
import type { LambdaService } from '../lambda/service.ts'
import type { ObjectStore } from '../s3/object-store.ts'
import { s3Provisioners } from '../s3/provision.ts'
import { parameterProvisioners } from '../secretsmanager/provision.ts'
import type { SecretsService } from '../secretsmanager/service.ts'
import { sqsProvisioners } from '../sqs/provision.ts'
import type { SqsService } from '../sqs/service.ts'
import { stepFunctionsProvisioners } from '../stepfunctions/provision.ts'
import type { StepFunctionsService } from '../stepfunctions/service.ts'
import type { Provisioners, ResourceFacts } from './provision.ts'

export type LocalServices = FunctionPlace & {
  dynamodb: DynamoDBService
  objects: ObjectStore
  events: EventsService
  iam: IamService
  kms: KmsService
  lambda: LambdaService
  asynchronous: AsynchronousInvocations
  mappings: EventSourceMappings
  sqs: SqsService
  secrets: SecretsService
  stepfunctions: StepFunctionsService
  api: ServedApi
  answers: CustomResourceAnswers
}

/** Types of resources that the local cloud does not need. */
export const IGNORABLE = [
  'AWS::ApiGatewayV2::Stage',
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::Events::Archive',
  'AWS::Logs::QueryDefinition',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
]

/** A provisioner for each type of resource that our stacks use. */
export function makeProvisioners(services: LocalServices): Provisioners {
  const { lambda, iam } = services
  return {
    ...dynamodbProvisioners(services.dynamodb, services),
    ...s3Provisioners(services.objects),
    ...eventsProvisioners(services.events, lambda, services),
    ...iamProvisioners(iam, services),
    ...kmsProvisioners(services.kms, services),
    ...lambdaProvisioners(lambda, iam, services),
    ...asynchronousProvisioners(services.asynchronous, lambda),
    ...eventSourceProvisioners(services.mappings, lambda, services.sqs, services),
    ...sqsProvisioners(services.sqs, services),
    ...stepFunctionsProvisioners(services.stepfunctions, services),
    ...gatewayProvisioners(lambda, services.api),
    ...parameterProvisioners(services.secrets),
    ...cloudformationProvisioners(lambda, services.answers, services),
  }
}

/** Removers of resources that are in no template any more. The other types stay: nothing refers to them. */
export function makeRemovers({
  lambda,
  asynchronous,
  mappings,
}: Pick<LocalServices, 'lambda' | 'asynchronous' | 'mappings'>) {
  return {
    'AWS::Lambda::Function': (_: ResourceFacts, name: string) => {
      asynchronous.forget(name)
      lambda.remove(name)
    },
    'AWS::Lambda::EventSourceMapping': (facts: ResourceFacts) => mappings.remove(mappingIdOf(facts)),
  }
}
