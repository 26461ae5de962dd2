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

export const AnswerQuestionSchema = SearchSchema.extend({
  query: z.string().min(1).max(1_000).describe('The question'),
  engine: z
    .enum(['auto', 'extractive'])
    .default('auto')
    .describe('auto: by the model of the stage where there is one'),
})
export type AnswerQuestionInput = z.output<typeof AnswerQuestionSchema>

export const AnsweredSchema = FindingsSchema.extend({
  answered: z.boolean().describe('Whether the passages answer the question'),
  answer: z.string().describe('With citations [1]; every one is of a quotation that stands in its passage'),
  statements: z.array(
    z.object({ text: z.string(), citation: z.number(), source: z.string(), quote: z.string() }),
  ),
  unfounded: z
    .number()
    .describe(
      'Statements of the model that were left out, because their quotation does not stand in the passage',
    ),
  queries: z.array(z.string()).describe('What was searched for'),
})
export type Answered = z.infer<typeof AnsweredSchema>

export const FetchSchema = z.object({
  url: z.string().min(1).max(4_000).describe('https://..., of a host in allowedHosts of the stage'),
  maxCharacters: z.number().int().min(1).max(1_000_000).default(100_000),
  timeoutSeconds: z.number().min(1).max(60).default(30),
})
export type FetchInput = z.output<typeof FetchSchema>

/** With `source` and `text` it can be an item of the corpus of `research.search`. */
export const PageSchema = z.object({
  source: z.string().describe('The address that answered, after redirects'),
  title: z.string(),
  text: z.string().describe('The article, its headings as Markdown'),
  characters: z.number().describe('How long the text is, before it is cut'),
  truncated: z.boolean(),
  engine: z.string(),
})
export type Page = z.infer<typeof PageSchema>
