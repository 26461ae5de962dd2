import { ArnFormat, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { AgentManifest } from '../../shared/domain/agent.ts'
import { placeOfSecret, type SecretSources } from '../../shared/domain/secret-source.ts'
import type { Stage } from '../stage.ts'
import { secretsFor } from '../stage-secrets.ts'
import type { BundledFunction } from './bundled-function.ts'
import { giveDecrypt, keyFor, READING, type Service } from './decrypt-grants.ts'
import { secretPlaces } from './model-places.ts'

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
  // As earlier releases read it (environment/V1); now it is one of SECRETS.
  if (needs.webhooks && webhookSecret) agent.configure('WEBHOOK_SECRET', webhookSecret)
  giveSecrets(agent, secretsFor(needs, stage))
}

/** Where each secret is kept, and the permission to read exactly those; to decrypt, only by way of the service that keeps them. */
function giveSecrets(agent: BundledFunction, sources: SecretSources): void {
  if (Object.keys(sources).length === 0) return
  agent.configure('SECRETS', JSON.stringify(sources))
  const places = secretPlacesOf(agent, sources)
  for (const { service, arns } of places) {
    agent.allow([READING[service].action], arns)
    giveDecrypt(agent, service, arns)
  }
}

/** All keys (KMS) of each place where the stage keeps a secret, and of the account and region themselves. */
export function keysOfSecrets(scope: Construct, stage: Pick<Stage, 'secrets' | 'models'>): string[] {
  const ofAgents = secretPlacesOf(scope, stage.secrets).flatMap(({ arns }) => arns)
  const ofModels = secretPlaces(scope, Object.values(stage.models)).flatMap(({ arns }) => arns)
  const own = arnOfSecret(scope, 'ssm', 'any')
  return [...new Set([own, ...ofAgents, ...ofModels].map((arn) => keyFor(scope, arn)))]
}

/** The ARNs of secrets, by the service that keeps them. */
export function secretPlacesOf(
  scope: Construct,
  sources: SecretSources,
): { service: Service; arns: string[] }[] {
  const places = Object.values(sources).map(placeOfSecret)
  return (Object.keys(READING) as Service[]).flatMap((service) => {
    const ids = places.filter((place) => place.service === service).map(({ id }) => id)
    const arns = [...new Set(ids)].sort().map((id) => arnOfSecret(scope, service, id))
    return arns.length > 0 ? [{ service, arns }] : []
  })
}

function arnOfSecret(scope: Construct, service: Service, id: string): string {
  if (id.startsWith('arn:')) return id
  if (service === 'ssm') return arnOf(scope, 'ssm', 'parameter', id.replace(/^\//, ''))
  // Secrets Manager appends six characters to the name in the ARN.
  return arnOf(scope, 'secretsmanager', 'secret', `${id}-??????`)
}

/** SES has verified the address, or its domain. */
const identitiesOf = (agent: BundledFunction, from: string): string[] =>
  [from, from.slice(from.indexOf('@') + 1)].map((name) => arnOf(agent, 'ses', 'identity', name))

function arnOf(scope: Construct, service: string, resource: string, resourceName: string): string {
  const arnFormat =
    service === 'secretsmanager' ? ArnFormat.COLON_RESOURCE_NAME : ArnFormat.SLASH_RESOURCE_NAME
  return Stack.of(scope).formatArn({ service, resource, resourceName, arnFormat })
}
