import * as z from 'zod'
import { ReadingWishes, TableSchema } from '../_support/table.ts'
import { FindingsSchema } from '../research/schemas.ts'

export const SourceSchema = z.object({ source: TableSchema, ...ReadingWishes })
export const OfFindingsSchema = z.object({ findings: FindingsSchema })

const NotesSchema = z.array(z.string()).default([]).describe('What was assumed, and what was left out')

export const ProfileSchema = z.object({
  rows: z.number(),
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.enum(['number', 'date', 'boolean', 'text', 'empty']),
      missing: z.number(),
      distinct: z.number(),
      others: z.number().optional().describe('Cells of another type, which are in no figure'),
      why: z.string().optional().describe('Why it is text although it looks like numbers'),
      min: z.union([z.number(), z.string()]).optional(),
      max: z.union([z.number(), z.string()]).optional(),
      mean: z.number().optional(),
      median: z.number().optional(),
      standardDeviation: z.number().optional(),
      top: z
        .array(z.object({ value: z.string(), count: z.number() }))
        .optional()
        .describe('The most frequent values, long ones cut'),
    }),
  ),
  notes: NotesSchema,
})
export type Profile = z.infer<typeof ProfileSchema>

export const TrendsSchema = z.object({
  over: z.string().describe('The date column, or "row" when there is none'),
  per: z.enum(['day', 'row']).optional().describe('What the slope is per: a column may be called "row"'),
  trends: z.array(
    z.object({
      column: z.string(),
      direction: z.enum(['rising', 'falling', 'flat']),
      slope: z.number().describe('Change per day, or per row'),
      r2: z.number().describe('Share of the variation that the straight line explains, 0 to 1'),
      change: z
        .number()
        .optional()
        .describe('From the first tenth to the last tenth, as a share of the first unless that is 0'),
      series: z.array(z.object({ at: z.string(), mean: z.number() })),
    }),
  ),
  notes: NotesSchema,
})
export type Trends = z.infer<typeof TrendsSchema>

export const OutliersSchema = z.object({
  columns: z.array(
    z.object({
      column: z.string(),
      low: z.number(),
      high: z.number(),
      count: z.number(),
      share: z.number(),
      examples: z.array(z.object({ row: z.number(), value: z.number() })),
    }),
  ),
  notes: NotesSchema,
})
export type Outliers = z.infer<typeof OutliersSchema>

export const CorrelationsSchema = z.object({
  pairs: z.array(
    z.object({ a: z.string(), b: z.string(), r: z.number(), n: z.number(), strength: z.string() }),
  ),
  notes: NotesSchema,
})
export type Correlations = z.infer<typeof CorrelationsSchema>

export const ThemesSchema = z.object({
  themes: z.array(z.object({ term: z.string(), passages: z.number(), sources: z.array(z.string()) })),
})
export type Themes = z.infer<typeof ThemesSchema>

export const GapsSchema = z.object({
  covered: z.array(z.string()),
  missing: z.array(z.string()),
  singleSource: z.boolean().describe('Everything comes from one source'),
})
export type Gaps = z.infer<typeof GapsSchema>
