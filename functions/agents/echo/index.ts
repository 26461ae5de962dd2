import { defineAgent } from 'orchestrator/agent'
import { JsonSchema } from '../_support/schemas.ts'

export default defineAgent({
  id: 'echo',
  version: '1.0.0',
  typicalSeconds: 0.02,
  price: { mostUsd: 0, mostTokens: 0 },
  description: 'Answers with what it was given: the smallest agent, for trying things out.',
  capabilities: {
    echo: { description: 'Returns its input unchanged.', input: JsonSchema, output: JsonSchema },
  },
  limits: { timeoutSeconds: 30, memoryMb: 256 },
  async execute({ input }) {
    return input
  },
})
