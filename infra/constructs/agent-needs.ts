import { ArnFormat, Stack } from 'aws-cdk-lib'
import type { AgentManifest } from '../../shared/domain/agent.ts'
import type { Stage } from '../stage.ts'
import type { BundledFunction } from './bundled-function.ts'

/** Gives an agent's function what the stage says of the things that the agent needs. Where the stage says nothing, the agent tells which setting to make. */
export function giveNeeds(
  agent: BundledFunction,
  needs: Partial<NonNullable<AgentManifest['needs']>>,
  stage: Stage,
): void {
  const { allowedHosts, email, webhookSecret } = stage
  if (needs.hosts && allowedHosts.length > 0) agent.configure('ALLOWED_HOSTS', JSON.stringify(allowedHosts))
  if (needs.email && email) {
    agent
      .configure('EMAIL', JSON.stringify(email))
      .allow(['ses:SendEmail'], identitiesOf(agent, email.from), {
        StringEquals: { 'ses:FromAddress': email.from },
      })
  }
  if (needs.webhooks && webhookSecret) {
    agent
      .configure('WEBHOOK_SECRET', webhookSecret)
      // Secrets Manager appends six characters to the name in the ARN.
      .allow(
        ['secretsmanager:GetSecretValue'],
        [arnOf(agent, 'secretsmanager', 'secret', `${webhookSecret}-??????`)],
      )
  }
}

/** SES has verified the address, or its domain. */
const identitiesOf = (agent: BundledFunction, from: string): string[] =>
  [from, from.slice(from.indexOf('@') + 1)].map((name) => arnOf(agent, 'ses', 'identity', name))

function arnOf(agent: BundledFunction, service: string, resource: string, resourceName: string): string {
  const arnFormat =
    service === 'secretsmanager' ? ArnFormat.COLON_RESOURCE_NAME : ArnFormat.SLASH_RESOURCE_NAME
  return Stack.of(agent).formatArn({ service, resource, resourceName, arnFormat })
}
