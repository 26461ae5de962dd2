import * as z from 'zod'
import { defineAgent } from '../../shared/agent/index.ts'

/** Sleeps for the given time and returns a trivial answer, so the rest of a step's duration is overhead. */
export default defineAgent({
  id: 'echo',
  version: '1.0.0',
  description: 'for benches',
  capabilities: {
    echo: {
      description: 'for benches',
      input: z.object({ milliseconds: z.number().default(0) }),
      output: z.object({}),
    },
  },
  async execute({ input: { milliseconds } }) {
    if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds))
    return {}
  },
})
