import * as z from 'zod'
import { defineAgent } from '../../shared/agent/index.ts'

/** Takes as long as it is told, and answers nothing much: what is left is what a step costs. */
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
