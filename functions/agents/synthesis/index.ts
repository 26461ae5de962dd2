import { defineAgent } from 'orchestrator/agent'
import { ReportInputSchema, ReportSchema, SummarizeSchema, SummarySchema } from './schemas.ts'
import { summary } from './summary.ts'
import { writeReport } from './write-report.ts'

export default defineAgent({
  id: 'synthesis',
  version: '2.1.0',
  typicalSeconds: 0.5,
  description:
    'Writes reports and summaries from what other steps found, by a language model where the stage has one.',
  needs: { models: ['default'] },
  capabilities: {
    'synthesis.report': {
      description: 'A Markdown report with tables, checked citations and SVG charts.',
      input: ReportInputSchema,
      output: ReportSchema,
    },
    'synthesis.summarize': {
      description: 'A text in a few sentences: those that say most of it, word for word, or by a model.',
      input: SummarizeSchema,
      output: SummarySchema,
    },
  },
  limits: { timeoutSeconds: 300, memoryMb: 1024 },
  async execute(call, context) {
    return call.capability === 'synthesis.report'
      ? writeReport(call.input, context)
      : summary(call.input, context)
  },
})
