import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { Secrets } from '../../../shared/ports/secrets.ts'

type Options = {
  client: SecretsManagerClient
  /** Milliseconds since the epoch. */
  now: () => number
}
type Kept = { text: Promise<string>; at: number }

/** A secret that was rotated is read anew after this time at the latest. */
const KEPT_MILLISECONDS = 5 * 60_000

/** Secrets of Secrets Manager, each read at its first use and kept for five minutes. A failed read is not kept. */
export function secretsmanagerSecrets({ client, now }: Options): Secrets {
  const kept = new Map<string, Kept>()
  return {
    async readSecret(name) {
      const known = kept.get(name)
      if (known && now() - known.at < KEPT_MILLISECONDS) return known.text
      const read = { text: textOf(client, name), at: now() }
      kept.set(name, read)
      return read.text.catch((error: unknown) => {
        if (kept.get(name) === read) kept.delete(name)
        throw error
      })
    },
  }
}

async function textOf(client: SecretsManagerClient, name: string): Promise<string> {
  const { SecretString } = await client
    .send(new GetSecretValueCommand({ SecretId: name }))
    .catch((error: unknown) => {
      throw unreadable(name, error)
    })
  if (SecretString !== undefined && SecretString.trim() !== '') return SecretString.trim()
  throw new OrchestratorError('ConfigError', `the secret "${name}" holds no text; its text is the API key`)
}

const DEFINITE: Readonly<Record<string, string>> = {
  ResourceNotFoundException:
    'there is none of this name in this region: make it, with the API key as its text',
  AccessDeniedException:
    'the function may not read it: deploy the stage that names it; a key of your own (KMS) has to allow this role',
  DecryptionFailure: 'it could not be decrypted: its key (KMS) has to allow the role of this function',
  InvalidRequestException: 'it cannot be read now: it may be marked for deletion',
}

/** What passes by itself, such as throttling, is thrown as it is. */
function unreadable(name: string, error: unknown): unknown {
  const { name: code = '', message = '' } = error as { name?: string; message?: string }
  const told = Object.hasOwn(DEFINITE, code) ? DEFINITE[code] : undefined
  if (told === undefined) return error
  return new OrchestratorError('ConfigError', `the secret "${name}": ${told} (${code}: ${message})`)
}
