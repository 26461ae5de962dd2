import * as z from 'zod'
import { EstimateSchema } from '../../../shared/domain/estimate.ts'
import { GoalFieldsSchema, GoalTextSchema } from '../../../shared/domain/goal.ts'

const RepairSchema = z.object({
  rule: z.string(),
  path: z.string(),
  message: z.string(),
  guessed: z.literal(true).optional().describe('A name that was understood by other words: look at it'),
  draft: z.number().int().optional().describe('The draft in which it was made, from 1'),
})

export const PlanInputSchema = z.object({
  goal: GoalTextSchema.describe('What is wanted, in words'),
  ...GoalFieldsSchema,
  budgetUsd: z
    .number()
    .positive()
    .optional()
    .describe('The most that the plan and its planning may cost; by default the budget of the task'),
  onRefusal: z
    .enum(['answer', 'fail'])
    .default('answer')
    .describe('Whether a refusal is the answer, or the failure of the step (PlanRefusedError)'),
  failed: z
    .object({ step: z.string(), name: z.string(), message: z.string() })
    .optional()
    .describe(
      'The step of this task that has run a plan before, and its error: what is left is planned anew',
    ),
})

const Told = {
  plannedBy: z.string().describe('model:<id> for a model, template for a registered workflow'),
  promptDigest: z.string().optional(),
  drafts: z.array(
    z.object({
      workflow: z.record(z.string(), z.json()).optional(),
      text: z.string().optional(),
      repairs: z.array(RepairSchema),
      issues: z.array(z.object({ code: z.string(), path: z.string(), message: z.string() })).readonly(),
    }),
  ),
  calls: z.number().int(),
  tokens: z.number().int(),
  costUsd: z.number(),
}

const PlannedSchema = z.object({
  kind: z.literal('planned'),
  workflow: z
    .union([z.string(), z.record(z.string(), z.json())])
    .describe('For a step with `workflow: "{% $steps.<id>.workflow %}"`'),
  input: z.record(z.string(), z.json()).describe('The input to run it with'),
  assumptions: z.array(z.string()),
  repairs: z.array(RepairSchema),
  estimate: EstimateSchema.pick({ seconds: true, usd: true, tokens: true, assumptions: true }),
  review: z.object({
    due: z.boolean().describe('Whether a person must look at the plan before it runs'),
    reasons: z.array(z.string()),
    prompt: z.string().describe('What they are shown: steps, time, money, effects'),
  }),
  ...Told,
})

const RefusedSchema = z.object({ kind: z.literal('refused'), reason: z.string(), ...Told })

export const PlanOutputSchema = z.discriminatedUnion('kind', [PlannedSchema, RefusedSchema])
