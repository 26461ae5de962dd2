import * as z from 'zod'
import { defineAgent } from '../../shared/agent/index.ts'

/** An agent that does nothing: what its bundle has beyond that is the host's, and the models'. */
export default defineAgent({
  id: 'plain',
  version: '1.0.0',
  description: 'for benches',
  capabilities: { 'plain.work': { description: 'for benches', input: z.object({}), output: z.object({}) } },
  execute: async () => ({}),
})
