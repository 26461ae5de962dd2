import * as z from 'zod'
import { JsonSchema } from '../_support/schemas.ts'

const MOST_RULES = 200

export const RulesSchema = z.object({
  value: JsonSchema.describe('What is decided about; rules see it as $value'),
  rules: z
    .array(
      z.object({
        name: z.string().min(1).max(200),
        when: z
          .string()
          .min(1)
          .max(10_000)
          .describe('A JSONata expression over $value, which is true where the rule applies'),
        then: JsonSchema.describe('The decision, any JSON value'),
      }),
    )
    .min(1)
    .max(MOST_RULES)
    .refine(
      (rules) => new Set(rules.map(({ name }) => name)).size === rules.length,
      'two rules have the same name',
    ),
  otherwise: JsonSchema.optional().describe(
    'The decision where no rule applies; without it, that is a failure',
  ),
  hit: z
    .enum(['first', 'all', 'unique'])
    .default('first')
    .describe(
      'As decision tables have it: the first rule that applies decides; all do, as a list; exactly one may apply',
    ),
})
export type RulesInput = z.output<typeof RulesSchema>

export const DecidedSchema = z.object({
  decision: JsonSchema,
  rules: z
    .array(z.string())
    .describe('The rules that apply, in their order; empty where `otherwise` decides'),
  engine: z.string(),
})
export type Decided = z.output<typeof DecidedSchema>

export const RouteSchema = z.object({
  value: JsonSchema.describe('What is routed; rules see it as $value'),
  routes: z
    .array(
      z
        .object({
          name: z.string().min(1).max(100),
          when: z
            .string()
            .min(1)
            .max(10_000)
            .optional()
            .describe('A JSONata expression over $value; where it is true, no model is asked'),
          description: z.string().min(1).max(1_000).optional().describe('What belongs here, for the model'),
        })
        .refine(
          ({ when, description }) => when !== undefined || description !== undefined,
          'a route has a rule (when), or a description',
        ),
    )
    .min(1)
    .max(100)
    .refine(
      (routes) => new Set(routes.map(({ name }) => name)).size === routes.length,
      'two routes have the same name',
    ),
  otherwise: z.string().min(1).max(100).optional().describe('The route of what belongs nowhere'),
  instructions: z.string().max(5_000).optional().describe('What to heed, from the author of the workflow'),
})
export type RouteInput = z.output<typeof RouteSchema>

export const RoutedSchema = z.object({
  route: z.string(),
  reason: z.string(),
  engine: z.string().describe('rules, or llm:<model>'),
})
export type Routed = z.output<typeof RoutedSchema>
