import { defineAgent } from 'orchestrator/agent'
import * as z from 'zod'

/** To run it: copy this file to functions/agents/greeter/index.ts as it is (agents/greeter/index.ts in a project), and start or deploy. */
export default defineAgent({
  id: 'greeter',
  version: '1.0.0',
  description: 'Greets by name.',
  capabilities: {
    'greeting.write': {
      description: 'A greeting for a name.',
      input: z.object({ name: z.string().min(1) }),
      output: z.object({ text: z.string() }),
    },
  },
  limits: { timeoutSeconds: 10, memoryMb: 256 },
  async execute({ input }, context) {
    context.log.info('greeting', { attempt: context.attempt })
    return { text: `Hello, ${input.name}!` }
  },
})
