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
