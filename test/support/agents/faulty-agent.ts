/** In place of the echo agent: goes wrong as its input says. */
import * as z from 'zod'
import { defineAgent, type Json } from '../../../shared/agent/index.ts'

const FAULTS: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new TypeError('no price', { cause: causeOfFault() })
  },
  'lets a rejection go': () => {
    console.log('before the rejection')
    void Promise.reject(causeOfFault())
    return new Promise(() => {})
  },
  exits: () => {
    console.error('before the exit')
    process.exit(3)
  },
  'answers a BigInt': () => ({ rows: [{ n: 1 }, { n: 1n }] }),
}

/** The lines of both errors are known to the test. */
function causeOfFault(): Error {
  return Object.assign(new Error('the bank is closed'), { code: 'EBANK' })
}

export default defineAgent({
  id: 'echo',
  version: '1.0.0',
  description: 'Goes wrong.',
  capabilities: {
    echo: { description: 'goes wrong', input: z.object({ fault: z.string() }), output: z.json() },
  },
  limits: { timeoutSeconds: 20 },
  async execute({ input }) {
    console.log('begins with %s', input.fault)
    return (await FAULTS[input.fault]?.()) as Json
  },
})
