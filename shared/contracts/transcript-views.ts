import * as z from 'zod'
import { TranscriptEntrySchema } from '../domain/transcript.ts'

/** The calls of language models that a step has made. */
export const TranscriptViewSchema = z.object({
  taskId: z.string(),
  stepId: z.string(),
  calls: z.array(
    TranscriptEntrySchema.extend({
      request: z.unknown().describe('system, messages, tools, answer, maxOutputTokens'),
      answer: z
        .unknown()
        .optional()
        .describe('parts, and the structured value; absent where the call has failed'),
    }),
  ),
  cursor: z.string().optional().describe('Of the next page; absent on the last'),
})
export type TranscriptView = z.output<typeof TranscriptViewSchema>
