import { ArnFormat, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { ModelSettings } from '../../shared/domain/model-settings.ts'
import { profilePrefixOf } from '../../shared/estimator/model-prices.ts'
import type { Conditions } from './bundled-function.ts'

/** Resources on which actions are allowed, and under which conditions. */
export type Place = { arns: readonly string[]; conditions?: Conditions }

type Profile = { arn: string; prefix?: string; model: string }

/**
 * The resources that calls of these models of Bedrock touch. An inference profile passes a call on to its model in any of its regions, which
 * may be more tomorrow: the model is allowed in every region, and only by way of this profile.
 */
export function modelPlaces(scope: Construct, models: readonly ModelSettings[]): Place[] {
  const ids = [...new Set(models.filter(({ provider }) => provider === 'bedrock').map(({ id }) => id))]
  if (ids.length === 0) return []
  const named = ids.map((id) => profileOfId(scope, id)?.arn ?? (isArn(id) ? id : modelArn(scope, id)))
  return [{ arns: named }, ...ids.flatMap((id) => placeBehind(scope, profileOfId(scope, id)))]
}

/** The models to which a profile passes calls on. */
function placeBehind(scope: Construct, profile: Profile | undefined): Place[] {
  if (!profile) return []
  const { arn, prefix, model } = profile
  const everywhere = modelArn(scope, model, '*')
  // The model behind a global profile has an ARN without a region besides.
  const arns = prefix === 'global' ? [everywhere, modelArn(scope, model, '')] : [everywhere]
  return [{ arns, conditions: { StringEquals: { 'bedrock:InferenceProfileArn': arn } } }]
}

/** The inference profile that an id names, by its own name or by its ARN; undefined for an id of a model. */
function profileOfId(scope: Construct, id: string): Profile | undefined {
  // Which model a profile of the account's own is of is not said in its ARN.
  if (id.includes(':application-inference-profile/')) return { arn: id, model: '*' }
  const name = id.slice(id.lastIndexOf('/') + 1)
  const known = profilePrefixOf(name)
  if (known === undefined || (isArn(id) && !id.includes(':inference-profile/'))) return undefined
  const arn = isArn(id)
    ? id
    : Stack.of(scope).formatArn({ service: 'bedrock', resource: 'inference-profile', resourceName: id })
  return { arn, prefix: known, model: name.slice(known.length + 1) }
}

const isArn = (id: string): boolean => id.startsWith('arn:')

function modelArn(scope: Construct, model: string, region?: string): string {
  return Stack.of(scope).formatArn({
    service: 'bedrock',
    account: '',
    resource: 'foundation-model',
    resourceName: model,
    ...(region === undefined ? {} : { region }),
  })
}

/** The secrets with the API keys of these models. Secrets Manager ends the ARN of a secret with six characters of its own. */
export function secretPlaces(scope: Construct, models: readonly ModelSettings[]): Place[] {
  const names = [...new Set(models.flatMap(({ secret }) => secret ?? []))]
  if (names.length === 0) return []
  return [{ arns: names.map((name) => (isArn(name) ? name : secretArn(scope, name))) }]
}

const secretArn = (scope: Construct, name: string): string =>
  Stack.of(scope).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${name}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
