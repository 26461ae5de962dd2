import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { LEAST_SECRET } from '../../../shared/domain/secret-mask.ts'
import {
  placeOfSecret,
  type SecretPlace,
  type SecretSources,
  WEBHOOK_SECRET,
} from '../../../shared/domain/secret-source.ts'
import type { AgentSecrets } from '../../../shared/host/host-ports.ts'
import type { SignedCall } from '../signed-call.ts'
import { keptForAWhile } from './kept-for-a-while.ts'
import { unreadable } from './unreadable.ts'

type Options = {
  /** Where each secret is kept, by the agent's name for it. */
  sources: SecretSources
  call(call: SignedCall): Promise<object>
  /** Told of each text before an agent gets it. */
  learn(name: string, text: string): void
  /** Milliseconds since the epoch. */
  now: () => number
}

/**
 * Secrets of agents, from Secrets Manager and SSM: each read at its first use and kept for five minutes, several fields of one by one read. No
 * error has a text of a secret in it.
 */
export function awsSecrets({ sources, call, learn, now }: Options): AgentSecrets {
  const textAt = keptForAWhile((key) => {
    const [name = '', place] = JSON.parse(key) as [string, SecretPlace]
    return readText(call, name, place)
  }, now)
  return {
    async readSecret(name) {
      const source = Object.hasOwn(sources, name) ? sources[name] : undefined
      if (source === undefined) throw unmapped(name, Object.keys(sources))
      const { field, ...place } = placeOfSecret(source)
      const whole = await textAt(JSON.stringify([toldOf(name, place), place]))
      const text = field === undefined ? whole : fieldOf(whole, field, toldOf(name, place))
      requireLong(text, toldOf(name, place))
      learn(name, text)
      return text
    },
  }
}

const toldOf = (name: string, { service, id }: SecretPlace): string => `secret ${name} (${service}:${id})`

function unmapped(name: string, known: readonly string[]): OrchestratorError {
  if (name === WEBHOOK_SECRET)
    return new OrchestratorError(
      'ConfigError',
      'webhooks are signed: keep "whsec_" and 32 random bytes in base64 in a secret of Secrets Manager, name it in webhookSecret of the stage, and deploy',
    )
  const told = known.length > 0 ? `; mapped are ${known.join(', ')}` : ''
  const message = `secret ${name}: the stage does not say where it is kept${told}; write secrets: { ${name}: secretsmanager:<name> } in the stage file, and deploy`
  return new OrchestratorError('ConfigError', message)
}

async function readText(call: Options['call'], told: string, { service, id }: SecretPlace): Promise<string> {
  const [, , , region] = id.startsWith('arn:') ? id.split(':') : []
  const at = region === undefined ? {} : { region }
  const asked: SignedCall =
    service === 'ssm'
      ? { service, target: 'AmazonSSM.GetParameter', body: { Name: id, WithDecryption: true }, ...at }
      : { service, target: 'secretsmanager.GetSecretValue', body: { SecretId: id }, ...at }
  const answer = await call(asked).catch((error: unknown) => {
    throw unreadable(told, error, 'the secret')
  })
  const { SecretString, Parameter } = answer as { SecretString?: unknown; Parameter?: { Value?: unknown } }
  const text = service === 'ssm' ? Parameter?.Value : SecretString
  if (typeof text === 'string' && text.trim() !== '') return text.trim()
  throw new OrchestratorError('ConfigError', `${told} holds no text`)
}

function fieldOf(whole: string, field: string, told: string): string {
  const value = objectIn(whole)
  if (!value)
    throw new OrchestratorError(
      'ConfigError',
      `${told}: its text is no JSON object, and the stage asks for its field "${field}"`,
    )
  const found = Object.hasOwn(value, field) ? value[field] : undefined
  if (typeof found === 'string' || typeof found === 'number') return String(found)
  const names = Object.keys(value).slice(0, 20).join(', ')
  throw new OrchestratorError(
    'ConfigError',
    `${told}: its field "${field}" is ${found === undefined ? 'not there' : 'no text'}; its fields are ${names}`,
  )
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function requireLong(text: string, told: string): void {
  if (text.length >= LEAST_SECRET) return
  const message = `${told} has ${text.length} characters; a secret has at least ${LEAST_SECRET}, so that it can be masked in logs and errors without masking words`
  throw new OrchestratorError('ConfigError', message)
}
