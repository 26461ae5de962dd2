import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'

/** Waits for the given time or until its signal aborts; or fails, blocks the event loop or dies, if told to. */
export default defineAgent({
  id: 'echo',
  version: '1.0.0',
  description: 'for tests',
  capabilities: {
    echo: {
      description: 'for tests',
      input: z.object({
        seconds: z.number().default(0),
        crash: z.boolean().default(false),
        fail: z.string().default(''),
      }),
      output: z.string(),
    },
  },
  async execute({ input: { seconds, crash, fail } }, { signal, log }) {
    if (crash) process.exit(7)
    if (fail) throw new Error(fail)
    if (seconds > 0) log.info('waiting', { seconds })
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const timer = setTimeout(() => resolve('waited'), seconds * 1_000)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      log.info('told to abort', { reason: String(signal.reason?.name) })
      reject(signal.reason)
    })
    return promise
  },
})
