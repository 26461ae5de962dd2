import * as z from 'zod'
import { ModelSettingsSchema } from '../domain/model-settings.ts'
import { USE_DAYS } from '../domain/model-use.ts'
import { ModelPriceSchema } from '../domain/price-table.ts'

const { provider, id, contextTokens, tokensPerMinute, structured, fallback, fallbackAfterSeconds } =
  ModelSettingsSchema.shape

export const ModelUseViewSchema = z.object({
  calls: z.number(),
  inputTokens: z.number().describe('Without those read from or put into the cache of the provider'),
  outputTokens: z.number(),
  cacheReadTokens: z.number(),
  cacheWriteTokens: z.number(),
  costUsd: z.number().describe('0 where the price was not known'),
})

/** A language model that the stage configures. */
export const ModelViewSchema = z.object({
  name: z.string().describe('By which agents ask for it'),
  provider,
  id: z.string().describe(id.description ?? ''),
  url: z
    .string()
    .optional()
    .describe(
      'Scheme, host and port of its OpenAI-compatible server; the rest of the address may hold a key',
    ),
  contextTokens,
  structured: structured.unwrap(),
  tokensPerMinute,
  price: ModelPriceSchema.optional().describe(
    'US dollars for a million tokens; absent where it is not known',
  ),
  fallback,
  fallbackAfterSeconds,
  agents: z
    .array(z.string())
    .describe('The agents that may call it, those whose models fall back to it among them'),
  used: ModelUseViewSchema.describe(`By all tasks in the last ${USE_DAYS} days`),
})
export type ModelView = z.infer<typeof ModelViewSchema>

/** A name that agents ask for and the stage does not configure. */
export const MissingModelViewSchema = z.object({
  name: z.string(),
  agents: z.array(z.string()).describe('The agents that need it'),
})
