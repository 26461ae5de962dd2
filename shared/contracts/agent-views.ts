import * as z from 'zod'
import { AgentIdSchema, AgentSchema } from '../domain/agent.ts'

export const CapabilityHealthSchema = z.object({
  calls: z.number().describe('In the last hours'),
  weight: z
    .number()
    .describe('The decayed number of calls behind these figures; a call loses half its weight in 15 minutes'),
  successRate: z.number().describe('The share of calls that have not failed'),
  quality: z
    .number()
    .describe(
      'The mean quality, by which the next agent is chosen: what `evaluate` or a person says, else 1 for a success and 0 for a failure',
    ),
  p50Seconds: z.number(),
  p95Seconds: z.number(),
  costUsd: z.number().describe('The cost of one call'),
  p95CostUsd: z.number(),
  tokens: z.number().describe('The tokens of one call'),
  trend: z.enum(['better', 'steady', 'worse']).describe('Compared with the hours before'),
})
export type AgentHealth = z.infer<typeof CapabilityHealthSchema>

/** `health` by capability, for the capabilities that were called recently. */
export const AgentViewSchema = AgentSchema.extend({
  id: AgentIdSchema,
  health: z.record(z.string(), CapabilityHealthSchema).optional(),
  now: z
    .object({
      inflight: z
        .number()
        .describe('Running calls: exact for an agent with a concurrency limit, otherwise estimated'),
      breaker: z
        .enum(['closed', 'open', 'trial'])
        .describe(
          'The state of the circuit breaker. open: after repeated failures no calls are made; trial: one call at a time',
        ),
      openUntil: z.string().optional(),
    })
    .optional(),
})
export type AgentView = z.infer<typeof AgentViewSchema>
