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
  id: 'buyer',
  version: '1.0.0',
  typicalSeconds: 0.05,
  price: { mostUsd: 0, mostTokens: 0 },
  description: 'Buys by messages: offers a price, and goes up to its limit in even steps.',
  capabilities: {
    'negotiate.buy': {
      description: 'Makes the first offer to the seller; the rest is said by messages.',
      input: z.object({ buyer: SideSchema }),
      output: PreparedSchema,
    },
  },
  limits: { timeoutSeconds: 30, memoryMb: 256 },
  needs: { files: false },
  messages: { body: OfferSchema },
  async execute({ input: { buyer } }, { messages }) {
    await messages.send('agent:seller', { round: 1, price: buyer.opening }, { type: 'task' })
    return { side: 'buyer' as const, opening: buyer.opening }
  },
  /** The seller asks a price. */
  async onMessage({ body: { round, price } }, context) {
    const { own, rounds } = termsOf(context, 'buyer')
    const next = offerIn(own, round + 1, rounds)
    if (price <= next) {
      await context.messages.send(END_OF_TALK, { agreed: true, price, rounds: round }, { type: 'status' })
      return
    }
    await context.messages.send('agent:seller', { round: round + 1, price: next }, { type: 'response' })
  },
})
