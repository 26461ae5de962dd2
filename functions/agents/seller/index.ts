import { defineAgent } from 'orchestrator/agent'
import * as z from 'zod'
import {
  END_OF_TALK,
  OfferSchema,
  offerIn,
  PreparedSchema,
  SideSchema,
  termsOf,
} from '../_support/bargain.ts'

export default defineAgent({
  id: 'seller',
  version: '1.0.0',
  typicalSeconds: 0.05,
  price: { mostUsd: 0, mostTokens: 0 },
  description: 'Sells by messages: asks a price, and goes down to its limit in even steps.',
  capabilities: {
    'negotiate.sell': {
      description: 'Waits for the offers of a buyer; the rest is said by messages.',
      input: z.object({ seller: SideSchema }),
      output: PreparedSchema,
    },
  },
  limits: { timeoutSeconds: 30, memoryMb: 256 },
  needs: { files: false },
  messages: { body: OfferSchema },
  async execute({ input: { seller } }) {
    return { side: 'seller' as const, opening: seller.opening }
  },
  /** The buyer offers a price. */
  async onMessage({ body: { round, price } }, context) {
    const { own, rounds } = termsOf(context, 'seller')
    const asked = offerIn(own, round, rounds)
    const agreed = price >= asked
    if (agreed || round >= rounds) {
      const end = agreed ? { agreed, price, rounds: round } : { agreed, rounds: round }
      await context.messages.send(END_OF_TALK, end, { type: 'status' })
      return
    }
    await context.messages.send('agent:buyer', { round, price: asked }, { type: 'response' })
  },
})
