import { Duration } from 'aws-cdk-lib'
import { type HttpApi, HttpMethod, HttpNoneAuthorizer, type HttpRoute } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { LINK_PATH } from '../../shared/contracts/link-requests.ts'
import { METADATA_PATH } from '../../shared/contracts/resource-metadata.ts'
import type { IdentitySettings } from '../../shared/domain/identity-settings.ts'
import type { Stage } from '../stage.ts'
import type { BundledFunction } from './bundled-function.ts'
import { addCallbackRoutes, addHttpDoor } from './http-door.ts'

type TokenApiProps = {
  readonly stage: Stage
  readonly identity: IdentitySettings
  readonly handler: BundledFunction
  readonly authorize: BundledFunction
  readonly logs: ILogGroup
}

/** How long what the authorizer answers is kept: so long a key that is revoked may still open. */
const KEPT_SECONDS = 60

/** The door for tokens and keys: the same routes and the same function behind an authorizer of our own, and one open route that says who the issuers are. */
export class TokenApi extends Construct {
  readonly api: HttpApi
  /** The route that asks for nothing: who has no token learns there who gives some. */
  readonly openRoute: HttpRoute | undefined
  /** Those where a link is opened, by which a person without an account answers: the link itself says what he may do. */
  readonly linkRoutes: readonly HttpRoute[]

  /** Those where an outside job answers for a suspended step. */
  readonly callbackRoutes: readonly HttpRoute[]

  constructor(scope: Construct, id: string, { stage, identity, handler, authorize, logs }: TokenApiProps) {
    super(scope, id)
    authorize.configure('IDENTITY', JSON.stringify(identity))
    handler.configure('TAKES_KEYS', identity.keys ? 'yes' : 'no')
    this.api = addHttpDoor(this, {
      stage,
      name: `${stage.prefix}-tokens`,
      description: 'Tasks, agents, workflows and plans, for callers with a token or a key',
      handler,
      logs,
      authorizer: new HttpLambdaAuthorizer('Authorizer', authorize, {
        authorizerName: `${stage.prefix}-tokens`,
        responseTypes: [HttpLambdaResponseType.SIMPLE],
        identitySource: ['$request.header.Authorization'],
        resultsCacheTtl: Duration.seconds(KEPT_SECONDS),
      }),
      caller: {
        caller: '$context.authorizer.subject',
        tenant: '$context.authorizer.tenant',
        kind: '$context.authorizer.kind',
        issuer: '$context.authorizer.issuer',
      },
    })
    const [open] = this.api.addRoutes({
      path: METADATA_PATH,
      methods: [HttpMethod.GET],
      integration: new HttpLambdaIntegration('Metadata', authorize, { scopePermissionToRoute: false }),
      authorizer: new HttpNoneAuthorizer(),
    })
    this.openRoute = open
    this.callbackRoutes = addCallbackRoutes(this.api, handler)
    this.linkRoutes = this.api.addRoutes({
      path: LINK_PATH,
      methods: [HttpMethod.GET, HttpMethod.POST],
      integration: new HttpLambdaIntegration('Links', handler, { scopePermissionToRoute: false }),
      authorizer: new HttpNoneAuthorizer(),
    })
  }
}
