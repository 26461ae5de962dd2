import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'

/** Tells a server outside of each of its turns, and waits for its answer: in place of the agent `http`, which calls only hosts that a stage names. */
export default defineAgent({
  id: 'http',
  version: '1.0.0',
  description: 'Has jobs done by a server of the test.',
  capabilities: {
    'http.job': {
      description: 'Has a job done',
      input: z.looseObject({ url: z.string(), input: z.json(), waitSeconds: z.number().default(3_600) }),
      output: z.json(),
      suspends: true,
    },
  },
  async execute({ input: { url, input, waitSeconds } }, context) {
    const tell = (said: object): Promise<unknown> =>
      fetch(url, { method: 'POST', body: JSON.stringify({ ...said, input, path: context.step.path }) })
    if (context.resumed) {
      await tell({ resumed: context.resumed.by })
      return {
        by: context.resumed.by.kind,
        output: context.resumed.by.kind === 'callback' ? (context.resumed.by.output ?? null) : null,
      }
    }
    const callback = await context.callback()
    await context.once('start', async () => {
      await tell({ callback })
      return null
    })
    return context.suspend({ until: { callback, timeoutSeconds: waitSeconds } })
  },
})
