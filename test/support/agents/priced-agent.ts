import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'

/** Reports the given cost (at most ten cents) at once, then works for a while; stops when its signal aborts. */
export default defineAgent({
  id: 'echo',
  version: '1.0.0',
  description: 'for tests',
  price: { mostUsd: 0.1, mostTokens: 0 },
  capabilities: {
    echo: {
      description: 'for tests',
      input: z.object({ log: z.string(), milliseconds: z.number().default(100), costUsd: z.number() }),
      output: z.string(),
    },
  },
  async execute({ input: { log, milliseconds, costUsd } }, { step: { path }, task, spend, signal }) {
    spend({ costUsd })
    appendFileSync(join(log, 'runs'), `begin ${task.id} ${path}\n`)
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve(undefined)
      })
    })
    appendFileSync(join(log, 'runs'), `end ${task.id} ${path}\n`)
    return path
  },
})
