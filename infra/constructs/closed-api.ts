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

/** What a line of the access log has: who asked for what, and how it went; no query, no body. */
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
  /** Who has called; kept by the data stack, for it is asked after an installation is gone. */
  readonly logs: ILogGroup
}

/** The door: exactly the routes of the contract, closed to whoever does not sign (IAM), throttled, every request on record. */
export class ClosedApi extends Construct {
  readonly api: HttpApi
  /** Whoever has it may call every route. */
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
      // Names of policies are of the whole account, installations are of a region.
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
