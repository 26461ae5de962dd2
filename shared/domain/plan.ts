import * as z from 'zod'

/** The agent chosen for a step; the ARN of its function is passed in the execution's input. */
export const BindingSchema = z.object({
  functionArn: z.string(),
  agentId: z.string(),
  version: z.string(),
  memoryMb: z
    .number()
    .optional()
    .describe('The memory of its function, which determines the cost of its time'),
  topics: z
    .array(z.string())
    .optional()
    .describe('The topics of the messages that it handles; absent for an agent that handles none'),
})
export type Binding = z.infer<typeof BindingSchema>

/** A dependency that the structure of the compiled workflow cannot express: `before` starts when all of `after` have ended. */
export const GateSchema = z.object({ before: z.string(), after: z.array(z.string()) })
export type Gate = z.infer<typeof GateSchema>

/** Why an agent was chosen, stored so that people can inspect the choice afterwards. */
export const DecisionSchema = z.object({
  stepId: z.string(),
  capability: z.string(),
  chosen: z.string(),
  reason: z.string(),
  expectedQuality: z
    .number()
    .optional()
    .describe('The expected quality over all candidates; only when there was a choice'),
  seed: z
    .string()
    .optional()
    .describe('The seed of the random samples: the same seed gives the same decision'),
  inPlaceOf: z
    .array(z.object({ agentId: z.string(), why: z.string() }))
    .optional()
    .describe('The agents that the step was given to before, or passed over, and why it left them'),
  candidates: z.array(
    z.object({
      agentId: z.string(),
      eligible: z.boolean(),
      unfit: z
        .literal(true)
        .optional()
        .describe('The candidate could not run the step even after a wait, so it does not compete'),
      reason: z.string(),
      load: z.number().describe('The estimated number of running calls of the agent'),
      costUsd: z.number().describe('The expected cost of a call'),
      score: z
        .object({
          total: z.number().describe('The score that decides: the sample minus the weighted cost and time'),
          quality: z.number().describe('The expected quality'),
          sample: z
            .number()
            .describe(
              'The quality sampled from its distribution (Thompson sampling), so that agents with few calls are explored',
            ),
          seconds: z.number().describe('The expected duration, with the wait for calls before it'),
        })
        .optional()
        .describe('Only when there was a choice'),
    }),
  ),
  moreCandidates: z
    .number()
    .int()
    .optional()
    .describe('The number of further candidates that are not stored'),
})
export type Decision = z.infer<typeof DecisionSchema>

/** How many candidates of a decision are stored. */
const MOST_CANDIDATES = 20

/** Keeps the chosen agent and then the first of the others, eligible candidates before ineligible ones, and the number left out. */
export function boundedDecision(decision: Decision): Decision {
  const { candidates, chosen } = decision
  if (candidates.length <= MOST_CANDIDATES) return decision
  const rank = ({ agentId, eligible }: (typeof candidates)[number]): number =>
    agentId === chosen ? 0 : eligible ? 1 : 2
  const first = [...candidates].sort((a, b) => rank(a) - rank(b)).slice(0, MOST_CANDIDATES)
  // Keeps the original order.
  const kept = candidates.filter((candidate) => first.includes(candidate))
  return { ...decision, candidates: kept, moreCandidates: candidates.length - kept.length }
}
