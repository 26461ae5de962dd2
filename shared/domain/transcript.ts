import * as z from 'zod'
import { StoredValueSchema } from './step.ts'

const tokens = z.number().min(0)

/** One call of a language model, as it is kept with the attempt that has made it. */
export const TranscriptEntrySchema = z.object({
  id: z.string().describe('Sorts by the time of the call, within its step'),
  attempt: z.number().int(),
  agentId: z.string(),
  startedAt: z.string(),
  durationMs: z.number(),
  model: z.string().describe("The name in the stage's configuration"),
  modelId: z.string().optional().describe("The provider's id of the model that has answered"),
  finish: z.enum(['stop', 'length', 'tools', 'filtered']).optional(),
  usage: z
    .object({
      inputTokens: tokens,
      outputTokens: tokens,
      cacheReadTokens: tokens.optional(),
      cacheWriteTokens: tokens.optional(),
      estimated: z.literal(true).optional(),
    })
    .optional(),
  errorName: z.string().optional().describe('Where the call has failed'),
  errorMessage: z.string().optional().describe('Why: also of a model whose fallback has answered then'),
  continues: z
    .boolean()
    .describe('Whether what the request before it has comes first: then only what is new is kept'),
  request: StoredValueSchema.describe('system, messages, tools, answer, maxOutputTokens'),
  answer: StoredValueSchema.optional().describe('parts, and the structured value'),
})
export type TranscriptEntry = z.infer<typeof TranscriptEntrySchema>
