import { Stack } from 'aws-cdk-lib'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { ManagedPolicy, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { API_PREFIX } from '../../shared/contracts/route.ts'
import { ROUTES } from '../../shared/contracts/routes.ts'
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

type ClosedApiProps = {
  readonly stage: Stage
  readonly handler: IFunction
  /** The access log; it belongs to the data stack, because it must survive the removal of an installation. */
  readonly logs: ILogGroup
}

/** The HTTP API: exactly the routes of the contract, IAM authorization on every one, throttling, an access log. */
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
    for (const { method, path } of Object.values(ROUTES)) {
      this.api.addRoutes({ path: `${API_PREFIX}${path}`, methods: [HttpMethod[method]], integration })
    }
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
    for (const name of callerRoles) policy.attachToRole(Role.fromRoleName(this, `Caller-${name}`, name))
    return policy
  }
}
