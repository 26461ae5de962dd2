import * as z from 'zod'
import { PriceTableSchema } from '../domain/price-table.ts'
import { parseExpected } from './expected-names.ts'

/**
 * The environment variables of the functions. infra writes them and `functions/deps/` parses them, both through this schema, so that a
 * missing variable is a named error at start and not an undefined later.
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
    .optional()
    .describe('Whether calls of language models are kept with their attempts; yes by default'),
  PRICES: z
    .string()
    .transform((text) => PriceTableSchema.partial().parse(JSON.parse(text)))
    .optional()
    .describe('JSON: AWS prices that replace those of the price table'),
  // Not parsed here: a function without models has no code for it (functions/deps/models/model-settings.ts).
  MODELS: z
    .string()
    .optional()
    .describe('JSON: the language models that the function may call, by name; only where some are needed'),
  // Only for agents that need them; they parse these themselves.
  ALLOWED_HOSTS: z.string().optional().describe('JSON: the hosts that agents may call'),
  EMAIL: z.string().optional().describe('JSON: the sender of mails, and who may get them'),
  WEBHOOK_SECRET: z.string().optional().describe('The name of the secret that webhooks are signed with'),
  // Only for the API.
  EXPECTED_AGENTS: z
    .string()
    .transform(parseExpected)
    .optional()
    .describe('The agents that this deployment brings: names, or their number and a digest'),
  EXPECTED_WORKFLOWS: z.string().transform(parseExpected).optional(),
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
  REBIND_FUNCTION: z.string().optional(),
  CONTROL_FUNCTION: z.string().optional(),
})
export type Environment = z.infer<typeof EnvironmentSchema>
export type EnvironmentName = keyof Environment
