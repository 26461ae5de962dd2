import { Duration, Stack } from 'aws-cdk-lib'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import {
  CorsHttpMethod,
  type CorsPreflightOptions,
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { ManagedPolicy, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import {
  allowedHeaders,
  allowedMethods,
  EXPOSED_HEADERS,
  PREFLIGHT_SECONDS,
} from '../../shared/contracts/cross-origin.ts'
import { OTHER_REQUESTS, pathsOf } from '../../shared/contracts/route.ts'
import { ROUTES } from '../../shared/contracts/routes.ts'
import { roleOf } from '../../shared/domain/caller-roles.ts'
import type { Stage } from '../stage.ts'

/** The fields of the access log: who called which route, and the outcome; no query, no body. */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  caller: '$context.identity.userArn',
  sourceIp: '$context.identity.sourceIp',
  routeKey: '$context.routeKey',
  path: '$context.path',
  status: '$context.status',
  error: '$context.error.message',
  integrationError: '$context.integrationErrorMessage',
  latencyMs: '$context.responseLatency',
  integrationLatencyMs: '$context.integrationLatency',
  responseBytes: '$context.responseLength',
  time: '$context.requestTimeEpoch',
}

/**
 * The methods of the catch-all route, whose function answers 405 with `Allow`, or 404. Without OPTIONS: API Gateway
 * answers preflight requests itself only if no route matches them, and a route would require a signature.
 */
const UNKNOWN = [
  HttpMethod.GET,
  HttpMethod.HEAD,
  HttpMethod.POST,
  HttpMethod.PUT,
  HttpMethod.PATCH,
  HttpMethod.DELETE,
]

/** No credentials: the API uses no cookies, and the signature is a header that a page's own script must set. */
function crossOrigin(allowOrigins: string[]): CorsPreflightOptions {
  const routes = Object.values(ROUTES)
  return {
    allowOrigins,
    allowMethods: allowedMethods(routes).map((method) => CorsHttpMethod[method]),
    allowHeaders: allowedHeaders(routes),
    exposeHeaders: [...EXPOSED_HEADERS],
    maxAge: Duration.seconds(PREFLIGHT_SECONDS),
  }
}

type ClosedApiProps = {
  readonly stage: Stage
  readonly handler: IFunction
  /** The access log; it belongs to the data stack, because it must survive the removal of an installation. */
  readonly logs: ILogGroup
}

/** The HTTP API: exactly the routes of the contract and one for all other requests, IAM authorization on every one, throttling, an access log. */
export class ClosedApi extends Construct {
  readonly api: HttpApi
  /** Lets its holder call every route. */
  readonly callerPolicy: ManagedPolicy

  constructor(scope: Construct, id: string, { stage, handler, logs }: ClosedApiProps) {
    super(scope, id)
    this.api = new HttpApi(this, 'Http', {
      apiName: stage.prefix,
      description: 'Tasks, agents, workflows and plans',
      defaultAuthorizer: new HttpIamAuthorizer(),
      createDefaultStage: false,
      ...(stage.allowedOrigins.length > 0 ? { corsPreflight: crossOrigin(stage.allowedOrigins) } : {}),
    })
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: stage.requestsPerSecond, burstLimit: stage.burstRequests },
      detailedMetricsEnabled: false,
      accessLogSettings: {
        destination: new LogGroupLogDestination(logs),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    })
    const integration = new HttpLambdaIntegration('Lambda', handler, { scopePermissionToRoute: false })
    for (const route of Object.values(ROUTES)) {
      for (const path of pathsOf(route))
        this.api.addRoutes({ path, methods: [HttpMethod[route.method]], integration })
    }
    this.api.addRoutes({ path: OTHER_REQUESTS, methods: UNKNOWN, integration })
    this.callerPolicy = this.#addCallerPolicy(stage)
  }

  #addCallerPolicy({ prefix, callerRoles }: Stage): ManagedPolicy {
    const policy = new ManagedPolicy(this, 'Caller', {
      // Names of managed policies are unique per account, installations per region.
      managedPolicyName: `${prefix}-caller-${Stack.of(this).region}`,
      description: `May call every route of the API of ${prefix}`,
      statements: [
        new PolicyStatement({ actions: ['execute-api:Invoke'], resources: [this.api.arnForExecuteApi()] }),
      ],
    })
    const names = callerRoles.map(roleOf).flatMap(({ name, isPattern }) => (isPattern ? [] : [name]))
    for (const name of new Set(names)) policy.attachToRole(Role.fromRoleName(this, `Caller-${name}`, name))
    return policy
  }
}
