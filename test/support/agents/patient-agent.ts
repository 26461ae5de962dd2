import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'

/** Records each run in a folder, and fails those that a file there names; costs money, and has a concurrency limit of two. */
export default defineAgent({
  id: 'echo',
  version: '1.0.0',
  description: 'for tests',
  limits: { maxConcurrency: 2 },
  price: { mostUsd: 0.02 },
  capabilities: {
    echo: {
      description: 'for tests',
      input: z.object({
        log: z.string(),
        milliseconds: z.number().default(5),
        value: z.json().default(null),
      }),
      output: z.object({ path: z.string(), value: z.json() }),
    },
  },
  async execute({ input: { log, milliseconds, value } }, { step: { path }, spend, signal }) {
    appendFileSync(join(log, 'runs'), `begin ${path}\n`)
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve(undefined)
      })
    })
    spend({ costUsd: 0.01, tokens: 100 })
    appendFileSync(join(log, 'runs'), `end ${path}\n`)
    if (existsSync(join(log, `broken ${path}`))) throw new Error(`${path} is broken`)
    return { path, value }
  },
})
