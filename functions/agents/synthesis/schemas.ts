import * as z from 'zod'
import {
  CorrelationsSchema,
  GapsSchema,
  OutliersSchema,
  ProfileSchema,
  ThemesSchema,
  TrendsSchema,
} from '../analysis/schemas.ts'
import { FindingsSchema } from '../research/schemas.ts'

const EngineSchema = z
  .enum(['auto', 'extractive'])
  .default('auto')
  .describe('auto: by the model of the stage where there is one')

export const SummarizeSchema = z.object({
  text: z.string().min(1),
  sentences: z.number().int().min(1).max(30).default(3),
  engine: EngineSchema,
})
export type SummarizeInput = z.output<typeof SummarizeSchema>

export const ReportInputSchema = z
  .object({
    title: z.string().min(1).max(200),
    engine: EngineSchema,
    findings: FindingsSchema.optional(),
    themes: ThemesSchema.optional(),
    gaps: GapsSchema.optional(),
    profile: ProfileSchema.optional(),
    trends: TrendsSchema.optional(),
    outliers: OutliersSchema.optional(),
    correlations: CorrelationsSchema.optional(),
  })
  .refine(
    ({ title: _title, engine: _engine, ...parts }) => Object.values(parts).some((part) => part !== undefined),
    'a report needs at least one of findings, themes, gaps, profile, trends, outliers, correlations',
  )
export type ReportInput = z.infer<typeof ReportInputSchema>

export const ReportSchema = z.object({
  title: z.string(),
  engine: z.string().describe('extractive, or llm:<model>'),
  markdown: z.string().describe('Charts stand in it as ![title](name)'),
  charts: z.array(z.object({ name: z.string(), title: z.string(), svg: z.string() })),
})
export type Report = z.infer<typeof ReportSchema>
export type Chart = Report['charts'][number]

export const SummarySchema = z.object({
  engine: z.string(),
  sentences: z.array(z.string()),
  unread: z.number().default(0).describe('Sentences at the end of a long text that were not looked at'),
})
