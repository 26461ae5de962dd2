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

export const ReportInputSchema = z
  .object({
    title: z.string().min(1).max(200),
    findings: FindingsSchema.optional(),
    themes: ThemesSchema.optional(),
    gaps: GapsSchema.optional(),
    profile: ProfileSchema.optional(),
    trends: TrendsSchema.optional(),
    outliers: OutliersSchema.optional(),
    correlations: CorrelationsSchema.optional(),
  })
  .refine(
    (input) => Object.keys(input).length > 1,
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
