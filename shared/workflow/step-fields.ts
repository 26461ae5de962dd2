/** The fields that several kinds of steps have. */
import * as z from 'zod'
import { StepIdSchema } from './step-id.ts'

/** The longest duration of an execution. */
export const YEAR_SECONDS = 31_536_000

export const seconds = (most: number) => z.number().positive().max(most)

const OnFailureSchema = z.union([
  z.enum(['fail', 'continue']),
  z.strictObject({
    output: z.unknown().describe('The output in place of the failure: a value with expressions ($error)'),
  }),
  z.strictObject({ step: StepIdSchema.describe('The step that runs when this one has failed ($error)') }),
])

/** What validation refuses beyond these schemas is said to editors by `meta`, which goes into the published JSON Schema. */
export const EXPRESSION = { pattern: '^\\s*\\{%[\\s\\S]*%\\}\\s*$' }
export const ConditionSchema = z.string('a condition is written "{% ... %}"').meta(EXPRESSION)
export const ListExpressionSchema = z.string('a list to go through is written "{% ... %}"').meta(EXPRESSION)

/** The fields of every step. */
export const common = {
  description: z.string().max(500).optional().describe('For people'),
  // Generated workflows may name a step twice, which is accepted.
  needs: z
    .array(StepIdSchema)
    .overwrite((ids) => [...new Set(ids)])
    .optional()
    .describe('Steps to wait for, besides those that its expressions mention'),
  when: ConditionSchema.optional().describe('Boolean expression; false: the step is skipped'),
  join: z
    .enum(['all', 'any', 'settled'])
    .default('all')
    .describe(
      'The condition to run: all steps that it waits for have succeeded, any of them has, or all have ended in any way',
    ),
  onFailure: OnFailureSchema.default('fail').describe(
    'The effect of a failure: the task fails, continues, continues with a default output, or continues with a step that handles it',
  ),
}

/** The fields of a fan-out. */
export const ofFanOut = {
  maxItems: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('With forEach: the step fails on a longer list; 1000 by default'),
  maxConcurrency: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe('With forEach: how many items run concurrently; 10 by default'),
  tolerate: z
    .union([
      z.number().int().min(0),
      z.string().regex(/^\d{1,3}%$/, 'it is a number of items, or a share of them such as 10%'),
    ])
    .optional()
    .describe('With forEach: the number or the share of items that may fail; none by default'),
}
