import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'

/**
 * Takes a while and returns its value with a unique mark: two marks of one step mean that it
 * completed twice. Fails its first calls, if told to.
 */
export default defineAgent({
  id: 'echo',
  version: '1.0.0',
  description: 'for tests',
  capabilities: {
    echo: {
      description: 'for tests',
      input: z.object({
        milliseconds: z.number(),
        value: z.number(),
        failures: z.number().default(0),
        /** Marks of the steps that this one needs. */
        seen: z.array(z.string()).default([]),
        /** The folder in which runs are recorded. */
        log: z.string(),
      }),
      output: z.object({ value: z.number(), mark: z.string(), seen: z.array(z.string()) }),
    },
  },
  async execute({ input: { milliseconds, value, failures, seen, log } }, { task, step, attempt }) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    if (attempt <= failures) throw new OrchestratorError('AgentRetryableError', `attempt ${attempt} fails`)
    const mark = `${performance.now()}-${Math.random()}`
    appendFileSync(join(log, 'runs'), `${task.id} ${step.path} ${mark}\n`)
    return { value: value + 1, mark, seen }
  },
})
