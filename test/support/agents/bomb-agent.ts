import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'

/** Ways to end the agent's own process; and an echo. */
const BOMBS: Readonly<Record<string, () => void>> = {
  aborts: () => process.abort(),
  'fills buffers': () => {
    for (const all: Buffer[] = []; ; ) all.push(Buffer.alloc(20_000_000, 1))
  },
  'makes a list of ten million, and again': () => {
    for (const all: unknown[] = []; ; ) all.push(Array.from({ length: 10_000_000 }, (_, index) => index))
  },
}

export default defineAgent({
  id: 'echo',
  version: '1.0.0',
  description: 'for tests',
  capabilities: {
    echo: {
      description: 'for tests',
      input: z.object({ bomb: z.string().optional(), milliseconds: z.number().default(0) }),
      output: z.object({ done: z.boolean() }),
    },
  },
  async execute({ input: { bomb, milliseconds } }) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    if (bomb !== undefined) BOMBS[bomb]?.()
    return { done: true }
  },
})
