import * as z from 'zod'
import { PriceTableSchema } from '../domain/price-table.ts'
import { parseExpected } from './expected-names.ts'

const PricesOfAnyRelease = z.object(PriceTableSchema.shape).partial()

/**
 * The environment variables of the functions. infra writes them and `functions/deps/` parses them, both through this schema, so that a
 * missing variable is a named error at start and not an undefined later.
 *
 * While a deployment comes or is rolled back, a function has the variables of another release for a moment, and an error here takes the API down.
 *
 * Invariants (tests cite them):
 * environment/V1 a variable never changes what it means or how it is written: what is written in another way gets another name, and the old name
 *    keeps what earlier releases read in it
 * environment/V2 what a later release may add (variables, members of JSON, words of a list) is passed over
 */
export const EnvironmentSchema = z.object({
  REGISTRY_TABLE: z.string().min(1),
  TASKS_TABLE: z.string().min(1),
  BUCKET: z.string().min(1),
  EVENT_BUS: z.string().min(1),
  TENANT_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('How many tasks of a tenant run concurrently'),
  // Not parsed here: most functions have no code for it (functions/deps/identity/tenants.ts).
  TENANT_QUOTAS: z
    .string()
    .optional()
    .describe('JSON: the quotas of tenants that the function needs, by tenant; * stands for all'),
  TASK_RETENTION_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('How long a task is kept after its end; without limit by default'),
  MAX_FILE_MB: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('How large a file of an agent may be, in MB'),
  MAX_TASK_FILES: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('How many files the agents of a task may write'),
  KEEP_TRANSCRIPTS: z
    .enum(['yes', 'no'])
    // A word of a later release: what this one does not know how to keep is not kept.
    .catch('no')
    .optional()
    .describe('Whether calls of language models are kept with their attempts; yes by default'),
  STATISTICS: z
    .enum(['shared', 'own'])
    .optional()
    .describe('Whether tenants share the statistics of common agents; shared by default'),
  PRICES: z
    .string()
    .transform((text) => PricesOfAnyRelease.parse(JSON.parse(text)))
    .optional()
    .describe('JSON: AWS prices that replace those of the price table'),
  // Not parsed here: a function without models has no code for it (functions/deps/models/model-settings.ts).
  MODELS: z
    .string()
    .optional()
    .describe('JSON: the language models that the function may call, by name; only where some are needed'),
  // Only for agents that need them.
  ALLOWED_HOSTS: z.string().optional().describe('JSON: the hosts that agents may call'),
  EMAIL: z.string().optional().describe('JSON: the sender of mails, and who may get them'),
  WEBHOOK_SECRET: z
    .string()
    .optional()
    .describe('The name of the secret that webhooks are signed with, for earlier releases'),
  // Not parsed here: a function without secrets has no code for it (functions/deps/secrets/agent-secrets.ts).
  SECRETS: z
    .string()
    .optional()
    .describe('JSON: where each secret is kept that the agent needs, by its name; never its text'),
  // Only for agents that suspend.
  CALLBACK_URL: z.string().optional().describe('Where the API answers callbacks, with its prefix'),
  // Only for the API.
  EXPECTED_AGENT_NAMES: z
    .string()
    .transform(parseExpected)
    .optional()
    .describe('The agents that this deployment brings: names, or their number and a digest'),
  EXPECTED_WORKFLOW_NAMES: z.string().transform(parseExpected).optional(),
  EXPECTED_AGENTS: z.string().optional().describe('How many they are, for earlier releases'),
  EXPECTED_WORKFLOWS: z.string().optional().describe('How many they are, for earlier releases'),
  AUDIT_ANCHOR_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('How long anchors of the audit cannot be deleted'),
  ANCHORS_BUCKET: z
    .string()
    .optional()
    .describe('The bucket of the anchors of the audit; only where there is one'),
  ANCHOR_KEY: z.string().optional().describe('ARN of the key that signs them'),
  MESSAGES_QUEUE: z.string().optional().describe('The URL of the queue that tells of messages to agents'),
  AUDIT_FUNCTION: z.string().optional().describe('The function that appends to the audit'),
  TAKES_KEYS: z.enum(['yes', 'no']).optional().describe('Whether a door takes API keys'),
  CALLER_ROLES: z.string().optional().describe('JSON: the tenants and scopes of IAM roles'),
  // Only for the authorizer; it parses this itself.
  IDENTITY: z.string().optional().describe('JSON: who vouches for callers by tokens, and whether keys open'),
  // Only for functions that create state machines.
  MACHINES: z
    .string()
    .optional()
    .describe("The common prefix of the ARNs of this installation's state machines"),
  MACHINE_ROLE: z.string().optional(),
  MACHINE_LOGS: z.string().optional().describe('ARN of the log group of all machines'),
  MACHINE_TAGS: z
    .string()
    .transform((text) => z.record(z.string(), z.string()).parse(JSON.parse(text)))
    .optional()
    .describe('JSON: the tags of every machine'),
  // Only in a stage with agents elsewhere; not parsed here (functions/deps/elsewhere/allowed.ts).
  AGENTS_ELSEWHERE: z.string().optional().describe('JSON: which agents elsewhere the stage allows to whom'),
  ELSEWHERE_FUNCTION: z.string().optional().describe('ARN of the function that calls agents elsewhere'),
  REBIND_FUNCTION: z.string().optional(),
  CONTROL_FUNCTION: z.string().optional(),
})
export type Environment = z.infer<typeof EnvironmentSchema>
export type EnvironmentName = keyof Environment
