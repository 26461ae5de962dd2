import { CfnOutput } from 'aws-cdk-lib'
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { API_PREFIX } from '../../shared/contracts/route.ts'
import { ROUTES } from '../../shared/contracts/routes.ts'
import type { Stage } from '../stage.ts'

/** The door: exactly the routes of the contract, closed to whoever does not sign (IAM). */
export class ClosedApi extends Construct {
  readonly api: HttpApi

  constructor(scope: Construct, id: string, { stage, handler }: { stage: Stage; handler: IFunction }) {
    super(scope, id)
    this.api = new HttpApi(this, 'Http', {
      apiName: stage.prefix,
      description: 'Tasks, agents, workflows and plans',
      defaultAuthorizer: new HttpIamAuthorizer(),
    })
    const integration = new HttpLambdaIntegration('Lambda', handler, { scopePermissionToRoute: false })
    for (const { method, path } of Object.values(ROUTES)) {
      this.api.addRoutes({ path: `${API_PREFIX}${path}`, methods: [HttpMethod[method]], integration })
    }
    new CfnOutput(this, 'Url', {
      value: this.api.apiEndpoint,
      description: 'Sign requests with SigV4, service execute-api',
    })
  }
}
