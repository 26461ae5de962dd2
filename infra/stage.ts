import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Node } from 'constructs'
import { parse } from 'yaml'
import * as z from 'zod'
import { describeIssues } from '../shared/domain/issue.ts'
import { issuesOfZod } from '../shared/domain/issues-of-zod.ts'
import { suggestNames } from '../shared/domain/nearest-names.ts'
import { PriceTableSchema } from '../shared/domain/price-table.ts'
import { StageError } from './stage-place.ts'

const RETENTIONS = Object.values(RetentionDays).filter((days) => typeof days === 'number')
const STAGES = join(import.meta.dirname, '../stages')

/** From the command line everything is text. */
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
const retention = z.coerce
  .number()
  .refine(
    (days) => RETENTIONS.includes(days),
    `CloudWatch Logs keeps logs for one of ${RETENTIONS.join(', ')} days`,
  )

/** AWS takes 50 of a resource; some are its own. */
const MOST_TAGS = 40
const TAG = /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/iu
const isTag = ([key, value]: [string, string]): boolean =>
  TAG.test(key) && TAG.test(value) && key.length >= 1 && key.length <= 128 && value.length <= 256

/** Lambda takes 4 KB of variables for a function. */
const MOST_PRICES = 2_500

/** What differs between deployments. */
export const StageSchema = z.strictObject({
  account: z
    .string()
    .regex(/^\d{12}$/, 'an account is twelve digits, in quotes where it begins with a zero')
    .optional()
    .describe('The AWS account that this stage is deployed to, and to no other; any where it is not said'),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region is written like eu-central-1')
    .optional()
    .describe('The region that this stage is deployed to; that of the credentials where it is not said'),
  tags: z
    .record(z.string(), z.string())
    .refine((tags) => Object.keys(tags).length <= MOST_TAGS, `at most ${MOST_TAGS} tags`)
    .refine(
      (tags) => Object.entries(tags).every(isTag),
      'a tag is letters, digits, spaces and _.:/=+-@, at most 128 characters with a value of 256, and does not begin with aws:',
    )
    .refine((tags) => !('application' in tags), '"application" is the tag that says the prefix')
    .default({})
    .describe('Tags of every resource, besides application=<prefix>'),
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,19}$/, 'a prefix is a-z and 0-9, starts with a letter, at most 20 characters')
    .refine((prefix) => prefix !== 'default', 'the event bus "default" is AWS\'s own: choose another prefix')
    .default('orchestrator')
    .describe(
      'Starts the name of every resource; without dashes, so that none begins like another and a dash',
    ),
  logRetentionDays: retention
    .default(30)
    .describe('How long logs of functions, machines and the API are kept'),
  archiveEvents: flag.default(true).describe('Whether the bus keeps its events for a replay'),
  archiveDays: z.coerce.number().int().min(1).default(30).describe('How long it keeps them'),
  requestsPerSecond: z.coerce
    .number()
    .min(1)
    .default(100)
    .describe('What the API takes; more are answered 429'),
  burstRequests: z.coerce.number().int().min(1).default(200).describe('How many may come at once'),
  callerRoles: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Names of IAM roles that may call the API; others get the managed policy <prefix>-caller-<region> by hand',
    ),
  tenantConcurrency: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Tasks that run at once; more wait in a queue. Not limited where it is not said'),
  accountConcurrency: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_000)
    .describe('Calls that Lambda runs at once for the account in this region: an alarm goes by it'),
  reservedConcurrency: z.coerce
    .number()
    .int()
    .min(1)
    .max(500)
    .optional()
    .describe(
      'Calls at once that are kept for each of api, rebind, control and finish-task, whatever agents take; no more than these either',
    ),
  taskRetentionDays: z.coerce
    .number()
    .int()
    .min(1)
    .max(3_650)
    .optional()
    .describe('How long a task is kept after its end, with all that it has; for good where it is not said'),
  fileRetentionDays: z.coerce
    .number()
    .int()
    .min(1)
    .max(3_650)
    .optional()
    .describe('How long an uploaded file is kept; for good where it is not said'),
  prices: PriceTableSchema.partial()
    .refine(
      (prices) => JSON.stringify(prices).length <= MOST_PRICES,
      `they travel in a variable of each function, ${MOST_PRICES} characters at most: leave out what is as in prices.ts`,
    )
    .optional()
    .describe(
      'What is not as in shared/estimator/prices.ts: of another region, by contract, models of your own',
    ),
  alarmEmails: z.array(z.email()).default([]).describe('Who is told of alarms; each confirms once'),
})
export type Stage = z.output<typeof StageSchema>

/** Of everything that an installation consists of. */
export const tagsOf = ({ prefix, tags }: Stage): Record<string, string> => ({ ...tags, application: prefix })

/**
 * The stage of `--context stage=<name>`, which is `stages/<name>.yaml`, its fields overridden by `--context <field>=<value>`.
 * Throws with every value that is wrong and what it must be.
 */
export function readStage(node: Node): Stage {
  const name = (node.tryGetContext('stage') as string | undefined) ?? 'default'
  const fields = Object.keys(StageSchema.shape)
  const given = fields.map((field) => [field, node.tryGetContext(field) as unknown])
  const overrides = Object.fromEntries(given.filter(([, value]) => value !== undefined))
  const value = { ...readFile(name), ...overrides }
  const parsed = StageSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = issuesOfZod(parsed.error, { schema: StageSchema, value, what: 'the stage' })
  const told = issues.map((issue) => describeIssues([issue]))
  throw new StageError(`stage "${name}" is not usable:\n${told.join('\n')}`)
}

export const stageNames = (): string[] =>
  readdirSync(STAGES)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort()

function readFile(name: string): object {
  const names = stageNames()
  if (!names.includes(name)) {
    throw new StageError(`there is no stages/${name}.yaml${suggestNames(name, names)}`)
  }
  try {
    return (parse(readFileSync(join(STAGES, `${name}.yaml`), 'utf8')) ?? {}) as object
  } catch (error) {
    throw new StageError(`stages/${name}.yaml is not YAML: ${(error as Error).message}`)
  }
}
