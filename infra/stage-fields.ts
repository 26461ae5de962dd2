import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import * as z from 'zod'
import { MappedRoleSchema } from '../shared/domain/caller-roles.ts'
import { IdentitySchema } from '../shared/domain/identity-settings.ts'
import { ModelsSchema } from '../shared/domain/model-settings.ts'
import { PriceTableSchema } from '../shared/domain/price-table.ts'
import { TenantsSchema } from '../shared/domain/quotas.ts'
import { RIGHT_SOURCE, SecretSourcesSchema } from '../shared/domain/secret-source.ts'
import { AllowedHostsSchema, EmailSchema } from './allowed-hosts.ts'
import { OriginsSchema } from './allowed-origins.ts'
import { AgentsElsewhereSchema } from './stage-elsewhere.ts'

const RETENTIONS = Object.values(RetentionDays).filter((days) => typeof days === 'number')

/** Options of the command line are text; blanks, booleans and hexadecimal digits do not count as numbers. */
const numberOf = (value: unknown): unknown =>
  typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value

const NO_LIMIT = Number.MAX_SAFE_INTEGER

function wholeNumber(least: number, most: number, example: number) {
  const upTo = most === NO_LIMIT ? 'on' : `to ${most}`
  const error = `a whole number from ${least} ${upTo}, e.g. ${example}`
  return z.preprocess(numberOf, z.int({ error }).min(least, { error }).max(most, { error }))
}

const MOST_DAYS = 3_650
/** What DynamoDB allows. */
const MOST_BACKUP_DAYS = 35
const RIGHT_RATE = 'a number from 1 on, e.g. 100'
const RIGHT_RETENTION = `CloudWatch Logs keeps logs for one of ${RETENTIONS.join(', ')} days`

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')], {
  error: 'true or false',
})
const retention = z.preprocess(
  numberOf,
  z
    .number({ error: RIGHT_RETENTION })
    .refine((days) => RETENTIONS.includes(days), RIGHT_RETENTION)
    .meta({ enum: RETENTIONS }),
)

const RIGHT_ROLES =
  'names of roles, or what they are mapped to, e.g. [my-app, { role: reports-*, tenant: acme, scopes: [tasks:read] }]; only in the file'
const RIGHT_ENTRY =
  'the name of a role, e.g. my-app, or { role: reports-*, tenant: acme, scopes: [tasks:read] }'
/** Lambda allows 4 KB of variables for a function. */
const MOST_IDENTITY = 3_000
/** A sanity limit; they travel in a variable of a function too (issuesOfSizes). */
const MOST_ROLES = 50

const RIGHT_ACCOUNT = 'an account is twelve digits, in quotes: "012345678901"'
const RIGHT_REGION = 'a region is written like eu-central-1'
const RIGHT_PREFIX = 'a prefix is a-z and 0-9, starts with a letter, at most 20 characters'
const RIGHT_EMAIL = 'an address like ops@example.com'
const RIGHT_EMAILS = 'addresses, e.g. [ops@example.com]; only in the file'
const RIGHT_SECRET = 'the name of a secret, e.g. orchestrator/webhooks'
const RIGHT_TAGS = 'names with their values, e.g. { team: research }; only in the file'

/** S3 copies and takes at most 5 GB at once: an object that a task's end marks may have to be copied. */
const MOST_FILE_MB = 5_000

const MOST_SECRETS = 100

/** S3 locks an object for at most a hundred years. */
const MOST_ANCHOR_DAYS = 36_500

/** AWS allows 50 tags on a resource, its own included. */
const MOST_TAGS = 40
const TAG = /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/iu
const isTag = ([key, value]: [string, string]): boolean =>
  TAG.test(key) && TAG.test(value) && key.length >= 1 && key.length <= 128 && value.length <= 256

/** The fields of a stage, each with what is right, its default and what it is for. */
export const FieldsSchema = z.strictObject({
  account: z
    .string({ error: RIGHT_ACCOUNT })
    .regex(/^\d{12}$/, RIGHT_ACCOUNT)
    .optional()
    .describe('The only AWS account that this stage may be deployed to; any account by default'),
  region: z
    .string({ error: RIGHT_REGION })
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, RIGHT_REGION)
    .optional()
    .describe('The only region that this stage may be deployed to; that of the credentials by default'),
  tags: z
    .record(z.string(), z.string({ error: 'the value of a tag is text' }), { error: RIGHT_TAGS })
    .refine((tags) => Object.keys(tags).length <= MOST_TAGS, `at most ${MOST_TAGS} tags`)
    .refine(
      (tags) => Object.entries(tags).every(isTag),
      'a tag is letters, digits, spaces and _.:/=+-@, at most 128 characters with a value of 256, and does not begin with aws:',
    )
    .refine((tags) => !('application' in tags), '"application" is the tag that says the prefix')
    .default({})
    .describe('Tags of every resource, besides application=<prefix>'),
  prefix: z
    .string({ error: RIGHT_PREFIX })
    .regex(/^[a-z][a-z0-9]{0,19}$/, RIGHT_PREFIX)
    .refine((prefix) => prefix !== 'default', 'the event bus "default" is AWS\'s own: choose another prefix')
    .default('orchestrator')
    .describe(
      'Starts the name of every resource; without dashes, so that none begins like another and a dash',
    ),
  logRetentionDays: retention
    .default(30)
    .describe('How long logs of functions, machines and the API are kept'),
  archiveEvents: flag.default(true).describe('Whether the bus keeps its events for a replay'),
  archiveDays: wholeNumber(1, NO_LIMIT, 30).default(30).describe('How long the bus keeps its events'),
  requestsPerSecond: z
    .preprocess(numberOf, z.number({ error: RIGHT_RATE }).min(1, { error: RIGHT_RATE }))
    .default(100)
    .describe('Requests per second that the API accepts; further ones get 429'),
  burstRequests: wholeNumber(1, NO_LIMIT, 200)
    .default(200)
    .describe('The burst of requests that the API accepts'),
  callerRoles: z
    .array(z.union([z.string().min(1, RIGHT_ENTRY), MappedRoleSchema], { error: RIGHT_ENTRY }), {
      error: RIGHT_ROLES,
    })
    .max(MOST_ROLES, `at most ${MOST_ROLES} entries; a role may have a * for any characters`)
    .default([])
    .describe(
      'IAM roles that may call the API, by name, or with the tenant and the scopes that they have; the first entry that matches decides, and roles without one have the tenant `default` and every scope. The managed policy <prefix>-caller-<region> is attached to those without a *; others get it by hand',
    ),
  identity: IdentitySchema.refine(
    (identity) => JSON.stringify(identity).length <= MOST_IDENTITY,
    `it travels in a variable of a function: ${MOST_IDENTITY} characters at most as JSON`,
  )
    .default({ issuers: [], keys: false })
    .describe(
      'Who may call by a token or an API key, at a second address; without issuers and keys there is none',
    ),
  allowedOrigins: OriginsSchema.default([]).describe(
    'Origins of web pages that may call the API from a browser (CORS), e.g. https://app.example.com; none by default',
  ),
  allowedHosts: AllowedHostsSchema.default([]).describe(
    'Hosts that agents may call (http.request, research.fetch, notify.webhook), e.g. [api.example.com, "*.example.org"]; none by default',
  ),
  agentsElsewhere: AgentsElsewhereSchema.optional().describe(
    'Which agents that no function of ours hosts may be registered and called: Lambda functions of any runtime, servers, and the secrets that calls are signed with; none by default',
  ),
  email: EmailSchema.optional().describe(
    'The sender of mails, an address or domain that SES has verified, and who may get them: addresses, or @example.com for all of a domain; no mail by default',
  ),
  webhookSecret: z
    .string({ error: RIGHT_SECRET })
    .regex(/^[\w/+=.@-]{1,256}$/, RIGHT_SECRET)
    .optional()
    .describe('The name of the secret in Secrets Manager that webhooks are signed with'),
  secrets: SecretSourcesSchema.refine(
    (secrets) => Object.keys(secrets).length <= MOST_SECRETS,
    `at most ${MOST_SECRETS} secrets`,
  )
    .default({})
    .describe(
      `Secrets by the names that agents need them by in \`needs.secrets\`, each with ${RIGHT_SOURCE}`,
    ),
  tenantConcurrency: wholeNumber(1, NO_LIMIT, 100)
    .optional()
    .describe(
      'The most tasks of a tenant that run concurrently; further ones are queued. Unlimited by default; `tenants` may say otherwise',
    ),
  tenants: TenantsSchema.default({}).describe(
    'What tenants may use, by tenant; under `*` what holds where the entry of a tenant says nothing. Unlimited by default',
  ),
  accountConcurrency: wholeNumber(1, NO_LIMIT, 1_000)
    .default(1_000)
    .describe('The Lambda concurrency limit of the account in this region, for an alarm'),
  reservedConcurrency: wholeNumber(1, 500, 20)
    .optional()
    .describe(
      'Reserved concurrency of each of the functions api, rebind, control and finish-task, which is also their limit',
    ),
  taskRetentionDays: wholeNumber(1, MOST_DAYS, 90)
    .optional()
    .describe('How long a task and its data are kept after its end; unlimited by default'),
  fileRetentionDays: wholeNumber(1, MOST_DAYS, 90)
    .optional()
    .describe('How long an uploaded file is kept; for good where it is not said'),
  auditAnchorDays: wholeNumber(1, MOST_ANCHOR_DAYS, 365)
    .optional()
    .describe(
      'How long signed anchors of the audit, written every hour, cannot be deleted; none are written where it is not said. Its key of KMS costs a dollar a month',
    ),
  versionRetentionDays: wholeNumber(1, MOST_DAYS, 7)
    .default(30)
    .describe(
      'How long the bucket keeps a version of an object that has expired or was replaced; what is deleted by a call goes with its versions',
    ),
  backupDays: wholeNumber(1, MOST_BACKUP_DAYS, 7)
    .default(MOST_BACKUP_DAYS)
    .describe('How far back the tables can be restored; so long what was deleted is in a backup'),
  maxFileMb: wholeNumber(1, MOST_FILE_MB, 500)
    .optional()
    .describe('How large a file that an agent writes may be, in MB; 500 where it is not said'),
  maxTaskFiles: wholeNumber(1, NO_LIMIT, 1_000)
    .optional()
    .describe('How many files the agents of a task may write, in all attempts; 1,000 where it is not said'),
  transcripts: z
    .boolean()
    .default(true)
    .describe(
      'Whether what agents ask of language models, and what is answered, is kept with the attempts of a task and expires with it',
    ),
  statistics: z
    .enum(['shared', 'own'])
    .default('shared')
    .describe(
      'Whether all tenants share the statistics and circuit breakers of the agents that a deployment brings, or each tenant has its own',
    ),
  models: ModelsSchema.default({}).describe(
    'Language models by the names that agents ask for in `needs.models`; `default` is the one that an agent asks for without a name',
  ),
  prices: PriceTableSchema.partial()
    .optional()
    .describe(
      'Prices that differ from shared/estimator/prices.ts: another region, a contract, your own models',
    ),
  alarmEmails: z
    .array(z.email({ error: RIGHT_EMAIL }), { error: RIGHT_EMAILS })
    .default([])
    .describe('The addresses that alarms are sent to; each must be confirmed once'),
})
