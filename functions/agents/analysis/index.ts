import { defineAgent } from 'orchestrator/agent'
import { readTable } from '../_support/table.ts'
import { correlate } from './correlate.ts'
import { findGaps } from './find-gaps.ts'
import { findOutliers } from './find-outliers.ts'
import { findThemes } from './find-themes.ts'
import { findTrends } from './find-trends.ts'
import { profile } from './profile.ts'
import {
  CorrelationsSchema,
  GapsSchema,
  OfFindingsSchema,
  OutliersSchema,
  ProfileSchema,
  SourceSchema,
  ThemesSchema,
  TrendsSchema,
} from './schemas.ts'

export default defineAgent({
  id: 'analysis',
  version: '2.0.0',
  typicalSeconds: 0.3,
  price: { mostUsd: 0, mostTokens: 0 },
  description: 'Statistics of CSV and JSON tables, and of what research found.',
  capabilities: {
    'analysis.profile': {
      description: 'Type, range and gaps of each column.',
      input: SourceSchema,
      output: ProfileSchema,
    },
    'analysis.trends': {
      description: 'How each number moves over time (or over the rows), with its strength.',
      input: SourceSchema,
      output: TrendsSchema,
    },
    'analysis.outliers': {
      description: 'Values far outside the middle half of their column (Tukey fences).',
      input: SourceSchema,
      output: OutliersSchema,
    },
    'analysis.correlate': {
      description: 'Pairs of number columns that move together (Pearson).',
      input: SourceSchema,
      output: CorrelationsSchema,
    },
    'analysis.themes': {
      description: 'What the passages of a research have in common.',
      input: OfFindingsSchema,
      output: ThemesSchema,
    },
    'analysis.gaps': {
      description: 'What a question asks that the passages of a research do not cover.',
      input: OfFindingsSchema,
      output: GapsSchema,
    },
  },
  limits: { timeoutSeconds: 120, memoryMb: 1024 },
  async execute(call, context) {
    if (call.capability === 'analysis.themes') return findThemes(call.input)
    if (call.capability === 'analysis.gaps') return findGaps(call.input)
    const table = await readTable(call.input.source, context, call.input)
    const { rows } = table
    await context.progress(0.5, `${rows.length} rows read`)
    if (call.capability === 'analysis.profile') return profile(table)
    const { notes = [], ...findings } =
      call.capability === 'analysis.trends'
        ? findTrends(rows)
        : call.capability === 'analysis.outliers'
          ? findOutliers(rows)
          : correlate(rows)
    return { ...findings, notes: [...table.notes, ...notes] }
  },
})
