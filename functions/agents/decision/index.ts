import { defineAgent } from 'orchestrator/agent'
import { applyRules } from './apply-rules.ts'
import { route } from './route.ts'
import { DecidedSchema, RoutedSchema, RouteSchema, RulesSchema } from './schemas.ts'

export default defineAgent({
  id: 'decision',
  version: '1.0.0',
  typicalSeconds: 0.1,
  description: 'Decides by rules, and where these do not tell, by a language model.',
  needs: { models: ['default'], files: false },
  capabilities: {
    'decision.rules': {
      description: 'The decision of the first rule, a JSONata expression over `$value`, that applies.',
      input: RulesSchema,
      output: DecidedSchema,
    },
    'decision.route': {
      description: 'The route that a value takes: by rules first, then by a model among descriptions.',
      input: RouteSchema,
      output: RoutedSchema,
    },
  },
  limits: { timeoutSeconds: 60, memoryMb: 512 },
  async execute(call, context) {
    return call.capability === 'decision.rules' ? applyRules(call.input) : route(call.input, context)
  },
})
