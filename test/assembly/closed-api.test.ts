import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { Function as Lambda } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { describe, expect, it } from 'vitest'
import { ClosedApi } from '../../infra/constructs/closed-api.ts'
import { featureFlags } from '../../infra/feature-flags.ts'
import { DataStack } from '../../infra/stacks/data-stack.ts'
import { parseStage, StageSchema } from '../../infra/stage.ts'

function templateOf(stage: string): Template {
  const stack = new Stack(new App(), 'stack', { env: { account: '000000000000', region: 'us-east-1' } })
  new ClosedApi(stack, 'Api', {
    stage: parseStage('mine', stage, {}),
    handler: Lambda.fromFunctionArn(stack, 'Handler', 'arn:aws:lambda:us-east-1:000000000000:function:api'),
    logs: LogGroup.fromLogGroupName(stack, 'Logs', 'logs'),
  })
  return Template.fromStack(stack)
}

function apiOf(stage: string): Record<string, unknown> {
  const [api] = Object.values(templateOf(stage).findResources('AWS::ApiGatewayV2::Api'))
  return (api as { Properties: Record<string, unknown> }).Properties
}

/** The CORS rules of the bucket of tasks and files. */
function corsOf(stage: object): unknown {
  const stack = new DataStack(new App({ context: featureFlags() }), 'data', {
    stage: StageSchema.parse(stage),
  })
  const buckets = Object.values(Template.fromStack(stack).findResources('AWS::S3::Bucket'))
  const found = buckets.map(({ Properties }) => Properties as Record<string, unknown>)
  return found.find(({ LoggingConfiguration }) => LoggingConfiguration !== undefined)?.CorsConfiguration
}

describe('the bucket of a stage', () => {
  it('admits no page of another origin by default', () => {
    expect(corsOf({})).toBeUndefined()
  })

  it('takes signed forms of the pages that the stage names, and gives what signed links name to any', () => {
    expect(corsOf({ allowedOrigins: ['https://app.example.com'] })).toEqual({
      CorsRules: [
        {
          AllowedHeaders: ['*'],
          AllowedMethods: ['POST'],
          AllowedOrigins: ['https://app.example.com'],
          MaxAge: 3_600,
        },
        {
          AllowedHeaders: ['*'],
          AllowedMethods: ['GET', 'HEAD'],
          AllowedOrigins: ['*'],
          ExposedHeaders: ['accept-ranges', 'content-disposition', 'content-length', 'content-range', 'etag'],
          MaxAge: 3_600,
        },
      ],
    })
  })
})

describe('the API of a stage', () => {
  it('admits no page of another origin by default', () => {
    expect(apiOf('')).not.toHaveProperty('CorsConfiguration')
  })

  it('admits pages of the origins that the stage names, without credentials', () => {
    expect(apiOf('allowedOrigins: [https://app.example.com]').CorsConfiguration).toEqual({
      AllowOrigins: ['https://app.example.com'],
      AllowMethods: ['DELETE', 'GET', 'POST', 'PUT'],
      AllowHeaders: [
        'authorization',
        'content-type',
        'idempotency-key',
        'if-match',
        'x-amz-content-sha256',
        'x-amz-date',
        'x-amz-security-token',
      ],
      ExposeHeaders: [
        'allow',
        'location',
        'ratelimit',
        'ratelimit-policy',
        'retry-after',
        'www-authenticate',
      ],
      MaxAge: 3_600,
    })
  })
})

it('lets those roles call that the stage names, and none that a pattern stands for', () => {
  const stage =
    'callerRoles: [app, { role: acme-*, tenant: acme }, { role: one, tenant: acme }, { role: one }]'
  templateOf(stage).hasResourceProperties('AWS::IAM::ManagedPolicy', { Roles: ['app', 'one'] })
})
