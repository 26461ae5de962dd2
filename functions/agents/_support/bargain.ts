import { type MessageContext, OrchestratorError } from 'orchestrator/agent'
import * as z from 'zod'

export const MOST_ROUNDS = 8

/** One side of a negotiation: what it says first, and how far it goes. */
export const SideSchema = z.object({ opening: z.number().min(0), limit: z.number().min(0) })
export type Side = z.infer<typeof SideSchema>

export const PreparedSchema = z.object({ side: z.enum(['buyer', 'seller']), opening: z.number() })

/** An offer of the one side to the other: the round, from 1, and a price. */
export const OfferSchema = z.object({ round: z.int().min(1).max(MOST_ROUNDS), price: z.number().min(0) })

/** What a side offers in a round: from its opening to its limit in even steps, rounded to cents. */
export const offerIn = ({ opening, limit }: Side, round: number, rounds: number): number => {
  const share = rounds === 1 ? 1 : (round - 1) / (rounds - 1)
  return Math.round((opening + (limit - opening) * share) * 100) / 100
}

const TermsSchema = z.object({
  buyer: SideSchema,
  seller: SideSchema,
  rounds: z.int().min(1).max(MOST_ROUNDS).default(MOST_ROUNDS),
})

/** The terms of the side in the input of the task, which the other side does not read. Throws AgentFinalError where they are none. */
export function termsOf(
  context: Pick<MessageContext, 'task'>,
  side: 'buyer' | 'seller',
): { own: Side; rounds: number } {
  const { success, data } = TermsSchema.safeParse(context.task.input)
  if (success) return { own: data[side], rounds: data.rounds }
  const message = `the input of the task says no terms of the ${side}: give ${side}: {opening, limit}`
  throw new OrchestratorError('AgentFinalError', message)
}

/** The step that waits for the end of a negotiation. */
export const END_OF_TALK = 'step:agreed'
