import { EnvironmentSchema } from '../shared/contracts/environment.ts'
import type { AgentManifest } from '../shared/domain/agent.ts'
import { allowedToAny } from '../shared/domain/elsewhere/allowed-place.ts'
import { suggestNames } from '../shared/domain/nearest-names.ts'
import { ownOf } from '../shared/domain/own.ts'
import { type SecretSources, WEBHOOK_SECRET } from '../shared/domain/secret-source.ts'
import type { Catalogue } from './catalogue.ts'
import type { Stage } from './stage.ts'
import { allowedElsewhere } from './stage-elsewhere.ts'
import { StageError } from './stage-place.ts'

type Needs = Pick<NonNullable<AgentManifest['needs']>, 'secrets' | 'webhooks'>
type Said = Pick<Stage, 'secrets' | 'webhookSecret' | 'agentsElsewhere'>

/**
 * Where the secrets of an agent are kept. One that the stage does not map, as only on a person's machine (`requireSecrets`), is kept in Secrets
 * Manager under its own name.
 */
export function secretsFor(needs: Needs | undefined, stage: Said): SecretSources {
  const own = (needs?.secrets ?? []).map(
    (name) => [name, ownOf(stage.secrets, name) ?? `secretsmanager:${name}`] as const,
  )
  const { webhookSecret } = stage
  return {
    ...Object.fromEntries(own),
    ...(needs?.webhooks && webhookSecret ? { [WEBHOOK_SECRET]: `secretsmanager:${webhookSecret}` } : {}),
  }
}

/** What an agent needs travels in variables of its function; Lambda allows 4 KB for all of them, of which models may take 2.5. */
const MOST_CHARACTERS = 1_000

/**
 * Throws StageError that says for each secret which agent needs it, and what to write in the stage; `isLenient` on a person's machine, where
 * secrets have no other place than their own file.
 */
export function requireSecrets({ agents }: Pick<Catalogue, 'agents'>, stage: Said, isLenient: boolean): void {
  const known = Object.keys(stage.secrets)
  const issues = agents.flatMap(({ manifest: { id, needs } }) => {
    const missing = (needs?.secrets ?? []).filter((name) => !known.includes(name))
    const { length } = JSON.stringify([secretsFor(needs, stage), needs?.environment ?? {}])
    return [
      ...(isLenient ? [] : missing.map((name) => unmapped(`agent ${id} needs`, name, known))),
      ...(length > MOST_CHARACTERS
        ? [
            `agent ${id}: where its secrets are kept, and its own variables, take ${length} characters, and ${MOST_CHARACTERS} fit beside its other variables: name secrets by names instead of ARNs, and read long values from files or tables`,
          ]
        : []),
      ...Object.keys(needs?.environment ?? {})
        .filter((name) => Object.hasOwn(EnvironmentSchema.shape, name))
        .map(
          (name) => `agent ${id}: needs.environment.${name}: the host has this variable; choose another name`,
        ),
    ]
  })
  const elsewhere = stage.agentsElsewhere ? allowedToAny(allowedElsewhere(stage.agentsElsewhere)).secrets : []
  if (!isLenient)
    issues.push(
      ...elsewhere
        .filter((name) => !known.includes(name))
        .map((name) => unmapped('agentsElsewhere names', name, known)),
    )
  if (issues.length > 0)
    throw new StageError(`the stage is not usable:${issues.map((one) => `\n  ${one}`).join('')}`)
}

const unmapped = (who: string, name: string, known: readonly string[]): string =>
  `${who} secret ${name}, and the stage does not say where it is kept${known.length > 0 ? suggestNames(name, known) : ''}; write in the stage file: secrets: { ${name}: secretsmanager:<name of a secret> } or ssm:<name of a parameter>`
