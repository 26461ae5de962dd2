import { defineAgent } from 'orchestrator/agent'
import { runCode } from './run-code.ts'
import { MOST_SECONDS, RanSchema, RunSchema } from './schemas.ts'

export default defineAgent({
  id: 'code-run',
  version: '1.0.0',
  typicalSeconds: 1,
  price: { mostUsd: 0, mostTokens: 0 },
  description: 'Runs JavaScript and TypeScript, with tests, in a sandbox that has nothing but the language.',
  capabilities: {
    'code.run': {
      description: 'Runs code and its tests; limits of time and memory are results, as failing tests are.',
      input: RunSchema,
      output: RanSchema,
    },
  },
  needs: { files: false },
  // The process itself takes about 130 MB, an engine its limit and about 50.
  limits: { timeoutSeconds: MOST_SECONDS + 30, memoryMb: 512 },
  async execute({ input }, { signal }) {
    return runCode(input, signal)
  },
})
