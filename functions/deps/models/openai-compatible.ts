import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Models } from '../../../shared/ports/models.ts'
import type { Secrets } from '../../../shared/ports/secrets.ts'
import type { NamedModel } from '../../adapters/models/named-model.ts'
import { openaiCompatibleModel } from '../../adapters/models/openai-compatible.ts'
import { keyedModel } from '../../adapters/models/wrapped/keyed-model.ts'
import { secretsmanagerSecrets } from '../../adapters/secretsmanager/secrets.ts'
import { once } from '../once.ts'
import { learnSecret, maskThisProcess } from '../secrets/secret-mask.ts'

const secrets = (): Secrets =>
  once('secrets', () => secretsmanagerSecrets({ client: new SecretsManagerClient({}), now: Date.now }))

/** A model of an OpenAI-compatible server, with the API key that its secret holds at the time of each call. */
export function createModel(model: NamedModel): Models {
  const { secret } = model
  if (secret === undefined) return openaiCompatibleModel(model)
  maskThisProcess()
  return keyedModel(
    async () => {
      const apiKey = await secrets().readSecret(secret)
      learnSecret(secret, apiKey)
      return apiKey
    },
    (apiKey) => openaiCompatibleModel(model, { apiKey }),
  )
}
