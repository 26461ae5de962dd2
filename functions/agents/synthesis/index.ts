import { defineAgent } from 'orchestrator/agent'
import * as z from 'zod'
import { ReportInputSchema, ReportSchema, SummarySchema } from './schemas.ts'
import { summarize } from './summarize.ts'
import { writeReport } from './write-report.ts'

export default defineAgent({
  id: 'synthesis',
  version: '2.0.0',
  typicalSeconds: 0.5,
  price: { mostUsd: 0, mostTokens: 0 },
  description: 'Writes reports and summaries from what other steps found.',
  capabilities: {
    'synthesis.report': {
      description: 'A Markdown report with tables, citations and SVG charts.',
      input: ReportInputSchema,
      output: ReportSchema,
    },
    'synthesis.summarize': {
      description: 'The sentences of a text that say most of it, word for word.',
      input: z.object({ text: z.string().min(1), sentences: z.number().int().min(1).max(30).default(3) }),
      output: SummarySchema,
    },
  },
  limits: { timeoutSeconds: 120, memoryMb: 1024 },
  async execute(call) {
    return call.capability === 'synthesis.report'
      ? writeReport(call.input)
      : summarize(call.input.text, call.input.sentences)
  },
})
