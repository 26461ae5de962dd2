import * as z from 'zod'

const Quantiles = z.object({ p50: z.number(), p90: z.number() })
const Seconds = Quantiles.extend({ p99: z.number() })

/** Where a figure comes from: measured on past calls, declared in the agent's manifest, or a default. */
export const BASES = ['measured', 'declared', 'assumed'] as const

/** A task's predicted duration and cost as quantiles: half of such tasks stay below p50, nine in ten below p90. */
export const EstimateSchema = z.object({
  seconds: Seconds.describe('From its start to its end, without waiting for people'),
  usd: Quantiles.describe('Agents and AWS together'),
  tokens: Quantiles,
  successRate: z.number().describe('The share of tasks that succeed; the other figures refer to these'),
  criticalPath: z.array(z.string()).describe('The steps that most often bound the time'),
  steps: z.array(
    z.object({
      stepId: z.string(),
      seconds: Seconds,
      usd: Quantiles,
      tokens: Quantiles,
      critical: z.number().describe('The share of tasks in which the step is on the critical path'),
      basis: z.enum(BASES),
    }),
  ),
  assumptions: z.array(z.string()).describe('What the estimate assumes because it is unknown before a run'),
})
export type Estimate = z.infer<typeof EstimateSchema>

/** The estimate that is stored with a task. */
export const KeptEstimateSchema = EstimateSchema.omit({ steps: true })
export type KeptEstimate = z.infer<typeof KeptEstimateSchema>
