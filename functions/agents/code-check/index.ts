import { defineAgent } from 'orchestrator/agent'
import { checkFiles } from './check-files.ts'
import { CheckedSchema, CheckSchema } from './schemas.ts'

export default defineAgent({
  id: 'code-check',
  version: '1.0.0',
  typicalSeconds: 3,
  price: { mostUsd: 0, mostTokens: 0 },
  description: 'Checks the syntax and the types of TypeScript and JavaScript, without running them.',
  capabilities: {
    'code.check': {
      description: 'Every error of syntax and types, with file, line and column.',
      input: CheckSchema,
      output: CheckedSchema,
    },
  },
  limits: { timeoutSeconds: 90, memoryMb: 1536 },
  async execute({ input }) {
    return checkFiles(input)
  },
})
