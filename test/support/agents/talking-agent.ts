import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'

/**
 * Sends numbered messages to other agents, and notes each that it handles, once: a line with who has sent it to whom, its number, when it was sent
 * and when its handler began.
 */
export default defineAgent({
  id: 'buyer',
  version: '1.0.0',
  description: 'for tests',
  needs: { messages: true },
  capabilities: {
    talk: {
      description: 'for tests',
      input: z.object({
        /** The file in which messages are noted. */
        log: z.string(),
        /** To whom, in order. */
        to: z.array(z.string()),
        /** Milliseconds between two messages. */
        pause: z.number().default(0),
      }),
      output: z.object({ sent: z.number() }),
    },
  },
  messages: { body: z.object({ log: z.string(), n: z.number(), sent: z.number() }) },
  async execute({ input: { log, to, pause } }, { messages }) {
    for (const [n, one] of to.entries()) {
      // Under a key: a repeated attempt sends the same message, though at another time.
      await messages.send(`agent:${one}`, { log, n, sent: Date.now() }, { key: String(n) })
      if (pause > 0) await delay(pause)
    }
    return { sent: to.length }
  },
  async onMessage({ id, from, to, body: { log, n, sent } }, { once }) {
    const begun = Date.now()
    const line = `${id} ${from} ${to} ${n} ${sent} ${begun}`
    await once('note', {
      perform: async () => {
        appendFileSync(log, `${line}\n`)
        return true
      },
      find: async () => (existsSync(log) && readFileSync(log, 'utf8').includes(`${id} `)) || undefined,
      mostSeconds: 0.2,
    })
  },
})
