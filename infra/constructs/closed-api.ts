import { Stack } from 'aws-cdk-lib'
import type { HttpApi, HttpRoute } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { ManagedPolicy, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { roleOf } from '../../shared/domain/caller-roles.ts'
import type { Stage } from '../stage.ts'
import { addCallbackRoutes, addHttpDoor } from './http-door.ts'

type ClosedApiProps = { readonly stage: Stage; readonly handler: IFunction; readonly logs: ILogGroup }

/** The door for roles and users of the account: IAM authorization on every route. */
export class ClosedApi extends Construct {
  readonly api: HttpApi
  /** Those where an outside job answers for a suspended step: the callback itself says what it may do. */
  readonly callbackRoutes: readonly HttpRoute[]
  /** Lets its holder call every route. */
  readonly callerPolicy: ManagedPolicy

  constructor(scope: Construct, id: string, { stage, handler, logs }: ClosedApiProps) {
    super(scope, id)
    this.api = addHttpDoor(this, {
      stage,
      name: stage.prefix,
      description: 'Tasks, agents, workflows and plans',
      handler,
      logs,
      authorizer: new HttpIamAuthorizer(),
      caller: { caller: '$context.identity.userArn' },
    })
    this.callbackRoutes = addCallbackRoutes(this.api, handler)
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
