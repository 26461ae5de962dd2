import { FileReferenceSchema } from 'orchestrator/agent'
import * as z from 'zod'

export const SearchSchema = z.object({
  query: z.string().min(1).max(1_000),
  corpus: z
    .union([FileReferenceSchema, z.array(z.object({ source: z.string(), text: z.string() })).min(1)])
    .describe('An uploaded file or folder of Markdown, text or HTML, or the documents themselves'),
  limit: z.number().int().min(1).max(50).default(8),
})

export const FindingsSchema = z.object({
  query: z.string(),
  engine: z.string(),
  documents: z.number().describe('How many documents were searched'),
  skipped: z.number().default(0).describe('Files that were no readable Markdown, text or HTML'),
  passages: z.array(
    z.object({
      citation: z.number(),
      source: z.string(),
      heading: z.string(),
      text: z.string(),
      score: z.number(),
    }),
  ),
})
export type Findings = z.infer<typeof FindingsSchema>
