import * as z from 'zod'

/** The agent chosen for a step; the ARN of its function is passed in the execution's input. */
export const BindingSchema = z.object({
  functionArn: z.string(),
  agentId: z.string(),
  version: z.string(),
  memoryMb: z.number().optional().describe('Of its function: what its time costs'),
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
    .describe('What was to be expected of the capability, whoever does it; where there was a choice'),
  seed: z.string().optional().describe('What the samples were drawn from: the same gives the same decision'),
  candidates: z.array(
    z.object({
      agentId: z.string(),
      eligible: z.boolean(),
      unfit: z
        .literal(true)
        .optional()
        .describe('Could not be asked however long the step waits: no rival of who was chosen'),
      reason: z.string(),
      load: z.number().describe('Calls of the agent that are thought to be under way'),
      costUsd: z.number().describe('Expected of a call'),
      score: z
        .object({
          total: z.number().describe('What decides: the sample, less what cost and time are worth'),
          quality: z.number().describe('Expected of the agent'),
          sample: z.number().describe('Drawn around it: who is little known is tried now and then'),
          seconds: z.number().describe('Expected, with those that wait'),
        })
        .optional()
        .describe('Where there was a choice'),
    }),
  ),
  moreCandidates: z.number().int().optional().describe('Considered beside these'),
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
