/** What `evaluate` of a step or of a workflow says: how good an output is, in checks from 0 to 1. */
import * as z from 'zod'
import { ModelNameSchema } from '../../domain/model-settings.ts'
import { EXPRESSION } from '../step-fields.ts'

const MOST_RULES = 50

const RuleNameSchema = z
  .string()
  .regex(
    /^[^.[\]{}%\s](?:[^.[\]{}%\n]{0,78}[^.[\]{}%\s])?$/,
    'a rule is named by a text of 1 to 80 characters, without . [ ] { } %',
  )
const RuleSchema = z.string('a rule is written "{% ... %}"').meta(EXPRESSION)

export const EvaluateSchema = z.strictObject({
  rules: z
    .record(RuleNameSchema, RuleSchema)
    .refine((rules) => Object.keys(rules).length <= MOST_RULES, `at most ${MOST_RULES} rules`)
    .optional()
    .describe(
      'Named expressions over `$output`; true is 1, false or nothing 0, and a number from 0 to 1 counts as it is',
    ),
  schema: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('JSON Schema of the output: 1 where it fits, else 0'),
  citations: z
    .strictObject({
      quotes: z
        .string('quotes are a list, written "{% ... %}"')
        .meta(EXPRESSION)
        .describe(
          'The quotations of the output: a list of texts, or of objects with `quote` and, where it names its passage, `citation` or `source`',
        ),
      passages: z
        .string('passages are a list, written "{% ... %}"')
        .meta(EXPRESSION)
        .describe(
          'What may be quoted: a list of texts, or of objects with `text`, and `citation` or `source`',
        ),
    })
    .optional()
    .describe(
      'The share of quotations that stand in their passage word for word, but for white space; 1 where there are none',
    ),
  atLeast: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe(
      'With a lower score the attempt fails with EvaluationFailedError, and the step is done again as `retry` says (`on: [error]`), or by the next agent; without it the score is only kept',
    ),
})
export type Evaluate = z.infer<typeof EvaluateSchema>

/** `evaluate` of a step: only a step's output may be judged by an agent. */
export const StepEvaluateSchema = EvaluateSchema.extend({
  judge: z
    .strictObject({
      rubric: z.string().min(1).max(10_000).describe('What a good output is, in words'),
      model: ModelNameSchema.optional().describe(
        'The name of a model of the stage; `judge` where the stage has one of that name, else `default`',
      ),
    })
    .optional()
    .describe(
      'A language model scores the output by a rubric, after the other checks and only where it can still matter for `atLeast`: an agent with the capability `evaluate.judge` is called for it',
    ),
})
export type StepEvaluate = z.infer<typeof StepEvaluateSchema>
