import { defineAgent } from 'orchestrator/agent'
import { applyRules } from './apply-rules.ts'
import { DecidedSchema, RulesSchema } from './schemas.ts'

export default defineAgent({
  id: 'decision',
  version: '1.0.0',
  typicalSeconds: 0.1,
  price: { mostUsd: 0, mostTokens: 0 },
  description: 'Decides by rules.',
  capabilities: {
    'decision.rules': {
      description: 'The decision of the first rule, a JSONata expression over `$value`, that applies.',
      input: RulesSchema,
      output: DecidedSchema,
    },
  },
  limits: { timeoutSeconds: 60, memoryMb: 512 },
  async execute({ input }) {
    return applyRules(input)
  },
})
