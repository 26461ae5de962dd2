import { Duration } from 'aws-cdk-lib'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import {
  CorsHttpMethod,
  type CorsPreflightOptions,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  type HttpRoute,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { CALLBACK_PATH, HEARTBEAT_PATH } from '../../shared/contracts/callback-requests.ts'
import {
  allowedHeaders,
  allowedMethods,
  EXPOSED_HEADERS,
  PREFLIGHT_SECONDS,
} from '../../shared/contracts/cross-origin.ts'
import { OTHER_REQUESTS, pathsOf } from '../../shared/contracts/route.ts'
import { ROUTES } from '../../shared/contracts/routes.ts'
import type { Stage } from '../stage.ts'

/** The fields of the access log: who called which route, and the outcome; no path, which has the token of a callback in it, no query, no body. A door adds the caller. */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  sourceIp: '$context.identity.sourceIp',
  routeKey: '$context.routeKey',
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

type HttpDoorProps = {
  readonly stage: Stage
  readonly name: string
  readonly description: string
  readonly handler: IFunction
  /** The access log; it belongs to the data stack, because it must survive the removal of an installation. */
  readonly logs: ILogGroup
  readonly authorizer: IHttpRouteAuthorizer
  /** The fields of the access log that say who called. */
  readonly caller: Readonly<Record<string, string>>
}

/** The routes by which outside jobs answer: the secret of a callback is all that they have. */
export function addCallbackRoutes(api: HttpApi, handler: IFunction): HttpRoute[] {
  const integration = new HttpLambdaIntegration('Callbacks', handler, { scopePermissionToRoute: false })
  return [CALLBACK_PATH, HEARTBEAT_PATH].flatMap((path) =>
    api.addRoutes({ path, methods: [HttpMethod.POST], integration, authorizer: new HttpNoneAuthorizer() }),
  )
}

/** An HTTP API: exactly the routes of the contract and one for all other requests, an authorizer on every one, throttling, an access log. */
export function addHttpDoor(scope: Construct, { stage, handler, logs, ...door }: HttpDoorProps): HttpApi {
  const api = new HttpApi(scope, 'Http', {
    apiName: door.name,
    description: door.description,
    defaultAuthorizer: door.authorizer,
    createDefaultStage: false,
    ...(stage.allowedOrigins.length > 0 ? { corsPreflight: crossOrigin(stage.allowedOrigins) } : {}),
  })
  const { requestId, ...fields } = ACCESS_LOG
  new HttpStage(scope, 'Stage', {
    httpApi: api,
    stageName: '$default',
    autoDeploy: true,
    throttle: { rateLimit: stage.requestsPerSecond, burstLimit: stage.burstRequests },
    detailedMetricsEnabled: false,
    accessLogSettings: {
      destination: new LogGroupLogDestination(logs),
      format: AccessLogFormat.custom(JSON.stringify({ requestId, ...door.caller, ...fields })),
    },
  })
  const integration = new HttpLambdaIntegration('Lambda', handler, { scopePermissionToRoute: false })
  for (const route of Object.values(ROUTES)) {
    for (const path of pathsOf(route))
      api.addRoutes({ path, methods: [HttpMethod[route.method]], integration })
  }
  api.addRoutes({ path: OTHER_REQUESTS, methods: UNKNOWN, integration })
  return api
}
