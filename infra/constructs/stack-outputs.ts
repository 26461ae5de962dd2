import { CfnOutput, type CustomResource, type Stack } from 'aws-cdk-lib'
import type { Stage } from '../stage.ts'
import type { ClosedApi } from './closed-api.ts'
import type { TokenApi } from './token-api.ts'

type Parts = {
  stage: Stage
  api: ClosedApi
  tokenApi: TokenApi | undefined
  registration: CustomResource
}

/** The outputs that a person needs after the deployment. */
export function addOutputs(stack: Stack, { stage: { prefix }, api, tokenApi, registration }: Parts): void {
  const { region } = stack
  const console = `https://${region}.console.aws.amazon.com`
  const outputs: Record<string, { value: string; description: string }> = {
    ApiUrl: {
      value: api.api.apiEndpoint,
      description: 'The API: sign requests with SigV4, service execute-api',
    },
    ...(tokenApi && {
      TokenApiUrl: {
        value: tokenApi.api.apiEndpoint,
        description: 'The same API for tokens and keys: Authorization: Bearer <token or key>',
      },
    }),
    CallerPolicy: {
      value: api.callerPolicy.managedPolicyArn,
      description: 'The policy for callers of the API: attach it to their role or user',
    },
    Call: {
      value: `ORCHESTRATOR_URL=${api.api.apiEndpoint} npx orchestrator list`,
      description: 'With AWS credentials in the environment; the CLI signs',
    },
    Versions: {
      value: registration.getAttString('versions'),
      description: 'When agents and workflows were registered last, and which versions were new',
    },
    Machines: {
      value: `${console}/states/home?region=${region}#/statemachines?name=${prefix}-`,
      description: 'The workflows in the Step Functions console',
    },
    Dashboard: {
      value: `${console}/cloudwatch/home?region=${region}#dashboards/dashboard/${prefix}`,
      description: 'Tasks, agents and API at a glance',
    },
  }
  for (const [id, output] of Object.entries(outputs)) new CfnOutput(stack, id, output)
}
