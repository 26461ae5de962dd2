/** Where the text of a secret is kept: in Secrets Manager, or in a parameter of SSM. */
import * as z from 'zod'

export const SecretNameSchema = z
  .string()
  .regex(
    /^[A-Z][A-Z0-9_]{0,31}$/,
    'the name of a secret is A-Z, 0-9 and underscores, starts with a letter, at most 32 characters, e.g. OPENAI',
  )

export const RIGHT_SOURCE =
  'where the secret is kept: secretsmanager:<name or ARN>, ssm:<name or ARN of a parameter>, or of a secret that is JSON one field, e.g. { from: secretsmanager:prod/db, field: password }'

const SECRET =
  /^secretsmanager:(?:[\w/+=.@-]{1,256}|arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]{1,256}-\w{6})$/
const PARAMETER =
  /^ssm:(?:\/?[\w.-]+(?:\/[\w.-]+)*|arn:[\w-]+:ssm:[\w-]+:\d{12}:parameter\/[\w.-]+(?:\/[\w.-]+)*)$/
const MOST_CHARACTERS = 500

const PlaceSchema = z
  .string({ error: RIGHT_SOURCE })
  .max(MOST_CHARACTERS, `at most ${MOST_CHARACTERS} characters`)
  .regex(new RegExp(`${SECRET.source}|${PARAMETER.source}`), RIGHT_SOURCE)

/** As a stage says it: a place, or one field of a secret that is a JSON object. */
export const SecretSourceSchema = z.union(
  [PlaceSchema, z.strictObject({ from: PlaceSchema, field: z.string().min(1).max(128) })],
  { error: RIGHT_SOURCE },
)
export type SecretSource = z.infer<typeof SecretSourceSchema>

/** Names of secrets, as agents know them, with where each is kept. */
export const SecretSourcesSchema = z.record(SecretNameSchema, SecretSourceSchema)
export type SecretSources = z.infer<typeof SecretSourcesSchema>

export type SecretPlace = { service: 'secretsmanager' | 'ssm'; id: string; field?: string }

/** The parts of a source that has been checked by its schema. */
export function placeOfSecret(source: SecretSource): SecretPlace {
  const { from, field } = typeof source === 'string' ? { from: source, field: undefined } : source
  const at = from.indexOf(':')
  const service = from.slice(0, at) === 'ssm' ? 'ssm' : 'secretsmanager'
  return { service, id: from.slice(at + 1), ...(field === undefined ? {} : { field }) }
}

/** The name by which an agent with `needs.webhooks` reads the secret that webhooks are signed with. */
export const WEBHOOK_SECRET = 'WEBHOOK_SECRET'
