import * as z from 'zod'
import { suggestNames } from './nearest-names.ts'
import { ownOf } from './own.ts'
import { ModelPriceSchema } from './price-table.ts'

export const ModelNameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,31}$/,
    'a name of a model is a-z, 0-9 and dashes, starts with a letter, at most 32 characters',
  )

export const DEFAULT_FALLBACK_AFTER_SECONDS = 10

/** A language model that a stage configures. */
export const ModelSettingsSchema = z.strictObject({
  provider: z.enum(['bedrock', 'openai-compatible']),
  id: z.string().min(1).max(200).describe("The provider's id: a model id or an inference profile"),
  url: z
    .url({ protocol: /^https?$/, error: 'an address such as http://localhost:11434/v1' })
    .optional()
    .describe('Where an OpenAI-compatible server answers, e.g. http://localhost:11434/v1'),
  secret: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('The name of a secret whose text is the API key; openai-compatible only'),
  structured: z
    .enum(['native', 'tool', 'prompt'])
    .default('tool')
    .describe(
      "How an answer gets its schema: by the provider's own JSON schema, as a tool, or by the prompt",
    ),
  contextTokens: z.number().int().min(1_000).max(10_000_000).describe('Input and output together'),
  tokensPerMinute: z.number().int().min(1).max(1e12).optional().describe('Shared by all agents'),
  price: ModelPriceSchema.optional().describe("By default that of the price table, by the model's id"),
  fallback: ModelNameSchema.optional().describe(
    'Another configured name, asked when this model is gone or throttled for long',
  ),
  fallbackAfterSeconds: z
    .number()
    .int()
    .min(0)
    .max(3_600)
    .optional()
    .describe(
      `How long this model may be throttled before its fallback is asked; ${DEFAULT_FALLBACK_AFTER_SECONDS} s by default`,
    ),
})
export type ModelSettings = z.infer<typeof ModelSettingsSchema>

/** What may be told of an address: its path, its query and a user's part of it may hold a key. */
export const originOf = (url: string): string => URL.parse(url)?.origin ?? 'an address that cannot be read'

export const MOST_MODELS = 16

const RIGHT_MODELS =
  'names with their settings, e.g. { default: { provider: bedrock, id: amazon.nova-lite-v1:0, contextTokens: 300000 } }'

/** The models of a stage, by the names that agents ask for: at most 16; a fallback exists, and fallbacks make no circle. */
export const ModelsSchema = z
  .record(ModelNameSchema, ModelSettingsSchema, { error: RIGHT_MODELS })
  .superRefine((models, context) => {
    const refuse = (path: string[], message: string): void =>
      context.addIssue({ path, message, code: 'custom', input: models })
    const names = Object.keys(models)
    if (names.length > MOST_MODELS)
      refuse([], `at most ${MOST_MODELS} models can be configured; these are ${names.length}`)
    for (const [name, { provider, url, secret, fallback, fallbackAfterSeconds }] of Object.entries(models)) {
      if (provider === 'openai-compatible' && url === undefined)
        refuse(
          [name, 'url'],
          'an openai-compatible model needs the address of its server, e.g. http://localhost:11434/v1',
        )
      if (provider === 'bedrock' && (url ?? secret) !== undefined)
        refuse(
          [name, url === undefined ? 'secret' : 'url'],
          'only an openai-compatible model has a url or a secret; Bedrock is reached by the grants of the agent',
        )
      if (fallback === undefined && fallbackAfterSeconds !== undefined)
        refuse(
          [name, 'fallbackAfterSeconds'],
          `it says when the fallback is asked, and "${name}" has none: set \`fallback\` too, or leave this out`,
        )
      if (fallback === undefined) continue
      if (ownOf(models, fallback) === undefined)
        refuse([name, 'fallback'], `no model is named "${fallback}"${suggestNames(fallback, names)}`)
      const circle = circleFrom(models, name)
      if (circle)
        refuse([name, 'fallback'], `fallbacks make a circle: ${circle.join(' -> ')}; leave one of them out`)
    }
  })

/** The names from `name` by fallbacks back to it; undefined where they do not come back to it. */
function circleFrom(models: Readonly<Record<string, ModelSettings>>, name: string): string[] | undefined {
  const seen = [name]
  for (let next = models[name]?.fallback; next !== undefined; next = ownOf(models, next)?.fallback) {
    seen.push(next)
    if (next === name) return seen
    if (seen.indexOf(next) < seen.length - 1) return undefined
  }
  return undefined
}
