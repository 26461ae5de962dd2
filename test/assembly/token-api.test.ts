import { App } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { FUNCTIONS } from '../../functions/catalogue.ts'
import { BundledFunction } from '../../infra/constructs/bundled-function.ts'
import { givePorts } from '../../infra/constructs/port-grants.ts'
import { TokenApi } from '../../infra/constructs/token-api.ts'
import { featureFlags } from '../../infra/feature-flags.ts'
import { DataStack } from '../../infra/stacks/data-stack.ts'
import { identityOf, parseStage } from '../../infra/stage.ts'
import { CALLBACK_PATH, HEARTBEAT_PATH } from '../../shared/contracts/callback-requests.ts'
import { LINK_PATH } from '../../shared/contracts/link-requests.ts'
import { METADATA_PATH } from '../../shared/contracts/resource-metadata.ts'
import { pathsOf } from '../../shared/contracts/route.ts'
import { ROUTES } from '../../shared/contracts/routes.ts'
import { hasTokenDoor } from '../../shared/domain/identity-settings.ts'

let template: Template

beforeAll(() => {
  const app = new App({ context: featureFlags() })
  const stage = parseStage('mine', 'identity: { keys: true }\nallowedOrigins: [https://app.example.com]', {})
  const data = new DataStack(app, 'data', { stage })
  const make = (name: 'api' | 'authorize') =>
    new BundledFunction(data, name, {
      stage,
      name,
      description: name,
      folder: import.meta.dirname,
      timeoutSeconds: 1,
      memoryMb: 128,
    })
  const [handler, authorize] = [make('api'), make('authorize')]
  givePorts(authorize, FUNCTIONS.authorize.ports, { stage, data, name: 'authorize' })
  new TokenApi(data, 'TokenApi', {
    stage,
    identity: identityOf(stage),
    handler,
    authorize,
    logs: data.accessLogs,
  })
  template = Template.fromStack(data)
})

type Route = { Properties: { RouteKey: string; AuthorizationType: string; AuthorizerId?: unknown } }

describe('the door for tokens and keys', () => {
  it('asks its authorizer on every route but the one that says who the issuers are, and those of links and callbacks', () => {
    const routes = Object.values(template.findResources('AWS::ApiGatewayV2::Route')).map(
      (one) => (one as Route).Properties,
    )
    const keys = Object.values(ROUTES).flatMap((route) =>
      pathsOf(route).map((path) => `${route.method} ${path}`),
    )
    const unknown = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => `${method} /{proxy+}`)
    const closed = routes.filter(
      ({ AuthorizationType, AuthorizerId }) => AuthorizationType === 'CUSTOM' && AuthorizerId,
    )
    expect(closed.map(({ RouteKey }) => RouteKey).sort()).toEqual([...keys, ...unknown].sort())
    const open = routes.filter((route) => !closed.includes(route))
    expect(open.map(({ RouteKey, AuthorizationType }) => `${RouteKey} ${AuthorizationType}`).sort()).toEqual(
      [
        `GET ${METADATA_PATH}`,
        `GET ${LINK_PATH}`,
        ...[LINK_PATH, CALLBACK_PATH, HEARTBEAT_PATH].map((path) => `POST ${path}`),
      ]
        .map((route) => `${route} NONE`)
        .sort(),
    )
  })

  it('keeps what its authorizer says for a minute, and tells in its log who called', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerType: 'REQUEST',
      AuthorizerPayloadFormatVersion: '2.0',
      EnableSimpleResponses: true,
      AuthorizerResultTtlInSeconds: 60,
      IdentitySource: ['$request.header.Authorization'],
    })
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
      AccessLogSettings: {
        Format: Match.serializedJson(Match.objectLike({ tenant: '$context.authorizer.tenant' })),
      },
    })
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      CorsConfiguration: { AllowOrigins: ['https://app.example.com'] },
    })
  })

  it('lets its authorizer read keys and note their use, and nothing else of the tables', () => {
    const policies = Object.values(template.findResources('AWS::IAM::Policy')) as {
      Properties: { PolicyDocument: { Statement: { Action: string | string[]; Condition?: unknown }[] } }
    }[]
    const statements = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    const ofTables = statements.filter(({ Action }) =>
      [Action].flat().some((action) => action.startsWith('dynamodb:')),
    )
    expect(ofTables.flatMap(({ Action }) => Action).sort()).toEqual([
      'dynamodb:GetItem',
      'dynamodb:UpdateItem',
    ])
    for (const { Condition } of ofTables)
      expect(Condition).toEqual({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['APIKEY#*'] } })
  })

  it('is in stages with issuers or keys alone', () => {
    const doorOf = (text: string) => hasTokenDoor(identityOf(parseStage('mine', text, {})))
    expect([doorOf(''), doorOf('identity: { keys: true }'), doorOf('identity: { issuers: [] }')]).toEqual([
      false,
      true,
      false,
    ])
    const issuer = '{ issuer: https://a.example, audiences: [o], tenant: acme, scopes: [admin] }'
    expect(doorOf(`identity: { issuers: [${issuer}] }`)).toBe(true)
  })
})
