import * as z from 'zod'
import { JsonSchema, RowSchema } from '../_support/schemas.ts'

const MOST_TEXT = 500_000
const instructions = z
  .string()
  .max(5_000)
  .optional()
  .describe('What to heed, from the author of the workflow')
const engine = z.string().describe('extractive, or llm:<model>')

const LabelSchema = z.union([
  z
    .string()
    .min(1)
    .max(100)
    .transform((name) => ({ name })),
  z.object({
    name: z.string().min(1).max(100),
    description: z.string().max(1_000).optional(),
    examples: z.array(z.string().max(2_000)).max(20).optional().describe('Texts that have this label'),
  }),
])

export const ClassifySchema = z.object({
  text: z.string().min(1).max(MOST_TEXT),
  labels: z
    .array(LabelSchema)
    .min(2)
    .max(100)
    .refine(
      (labels) => new Set(labels.map(({ name }) => name)).size === labels.length,
      'two labels have the same name',
    ),
  several: z.boolean().default(false).describe('Whether a text may have more than one label'),
  otherwise: z.string().min(1).max(100).optional().describe('The label of what none fits'),
  instructions,
})
export type ClassifyInput = z.output<typeof ClassifySchema>

export const ClassifiedSchema = z.object({
  label: z.string().describe('The first of labels'),
  labels: z.array(z.string()),
  reason: z.string(),
  engine,
})
export type Classified = z.output<typeof ClassifiedSchema>

export const ExtractSchema = z.object({
  text: z.string().min(1).max(MOST_TEXT),
  schema: RowSchema.describe('A JSON Schema (draft 2020-12) of what is looked for'),
  instructions,
})
export type ExtractInput = z.output<typeof ExtractSchema>

export const ExtractedSchema = z.object({ value: JsonSchema.describe('Fits the schema'), engine })

const MOST_CODE = 100_000

export const GenerateSchema = z.object({
  task: z.string().min(1).max(20_000).describe('What the code should do'),
  language: z.enum(['javascript', 'typescript']).default('typescript'),
  code: z.string().max(MOST_CODE).optional().describe('Code to mend, in place of new code'),
  tests: z.string().max(MOST_CODE).optional().describe('Tests that the code must pass; they are not changed'),
  problems: JsonSchema.optional().describe('What is wrong with the code: outputs of code.check and code.run'),
  instructions,
})
export type GenerateInput = z.output<typeof GenerateSchema>

export const GeneratedSchema = z.object({
  code: z.string().describe('An ES module, as code.check and code.run take it'),
  tests: z
    .string()
    .describe(
      'Tests in the form of Vitest, which import from "./code.js"; those of the input where it has some',
    ),
  explanation: z.string(),
  language: z.enum(['javascript', 'typescript']),
  engine,
})
export type Generated = z.output<typeof GeneratedSchema>

export const WriteSchema = z.object({
  task: z.string().min(1).max(20_000).describe('What is to be written, for whom'),
  material: z.string().max(MOST_TEXT).optional().describe('What the text may draw on'),
  draft: z.string().max(MOST_TEXT).optional().describe('A text to revise, in place of a new one'),
  critique: z.string().max(20_000).optional().describe('What the revision should heed'),
  words: z.number().int().min(1).max(5_000).default(300).describe('How long it may be'),
  instructions,
})
export type WriteInput = z.output<typeof WriteSchema>

export const WrittenSchema = z.object({ text: z.string(), engine })

export const JudgeSchema = z.object({
  output: JsonSchema.describe('What is judged'),
  rubric: z.string().min(1).max(10_000).describe('What a good output is, from the author of the workflow'),
  input: JsonSchema.optional().describe('What was asked for'),
  model: z
    .string()
    .min(1)
    .max(32)
    .optional()
    .describe('The name of a model of the stage; `judge` where there is one, else `default`'),
})
export type JudgeInput = z.output<typeof JudgeSchema>

export const JudgedSchema = z.object({
  score: z.number().min(0).max(1).describe('From 0 to 1'),
  reasons: z.array(z.string()),
  quotes: z.array(z.string()).describe('From the output, each checked to stand in it word for word'),
  unfounded: z
    .number()
    .int()
    .describe('Quotations that were left out, because they do not stand in the output'),
  judgedItself: z.boolean().describe('Whether the output says by `engine` that it is of the same model'),
  engine,
})
export type Judged = z.output<typeof JudgedSchema>
