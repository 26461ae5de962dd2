import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { Secrets } from '../../../shared/ports/secrets.ts'
import { keptForAWhile } from './kept-for-a-while.ts'
import { unreadable } from './unreadable.ts'

type Options = {
  client: SecretsManagerClient
  /** Milliseconds since the epoch. */
  now: () => number
}

/** The API keys of models in Secrets Manager, each read at its first use and kept for five minutes. A failed read is not kept. */
export function secretsmanagerSecrets({ client, now }: Options): Secrets {
  return { readSecret: keptForAWhile((name) => textOf(client, name), now) }
}

async function textOf(client: SecretsManagerClient, name: string): Promise<string> {
  const { SecretString } = await client
    .send(new GetSecretValueCommand({ SecretId: name }))
    .catch((error: unknown) => {
      throw unreadable(`the secret "${name}"`, error, 'the API key')
    })
  if (SecretString !== undefined && SecretString.trim() !== '') return SecretString.trim()
  throw new OrchestratorError('ConfigError', `the secret "${name}" holds no text; its text is the API key`)
}
