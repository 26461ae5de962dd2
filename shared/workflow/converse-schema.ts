import * as z from 'zod'
import { NOT_BY } from '../domain/approval.ts'
import { CapabilityNameSchema, MOST_CHOICES_OF_CAPABILITY } from '../domain/capability.ts'
import { distinct } from '../domain/distinct.ts'
import { ModelNameSchema } from '../domain/model-settings.ts'
import { common, seconds, YEAR_SECONDS } from './step-fields.ts'

const MOST_TURNS = 50
/** A step in which a model calls agents. */
export const ConverseStepSchema = z.strictObject({
  ...common,
  converse: z
    .strictObject({
      model: ModelNameSchema.default('default').describe('The name that the stage gives to the model'),
      system: z
        .string()
        .max(100_000)
        .optional()
        .describe('What the model is, and how it works; text, with expressions in it'),
      input: z
        .unknown()
        .optional()
        .describe('Mandatory: what the model is given to do; a text, or a value, with expressions'),
      capabilities: distinct(z.array(CapabilityNameSchema).min(1).max(MOST_CHOICES_OF_CAPABILITY)).describe(
        'The capabilities that the model may call. Each call is a step: an agent is chosen for it, it is retried, paid from the budget, and shown',
      ),
      maxTurns: z
        .number()
        .int()
        .min(1)
        .max(MOST_TURNS)
        .default(10)
        .describe('The most answers of the model; in the last one it is told to answer without a call'),
      maxOutputTokens: z
        .number()
        .int()
        .min(1)
        .max(1_000_000)
        .default(4_000)
        .describe('The most tokens of one answer of the model'),
      answer: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('JSON Schema of the answer, which is `answer` of the output then'),
      approve: distinct(z.array(CapabilityNameSchema).min(1))
        .optional()
        .describe(
          'Capabilities whose calls wait for a person each; what is refused is told to the model. They are among `capabilities`',
        ),
      approvers: distinct(z.array(z.string()).min(1))
        .optional()
        .describe('With `approve`: who may answer, as `approvers` of an approval; anyone by default'),
      notBy: z
        .enum(NOT_BY)
        .optional()
        .describe('With `approve`: who may not answer, as `notBy` of an approval'),
      approvalTimeoutSeconds: seconds(YEAR_SECONDS)
        .optional()
        .describe(
          'With `approve`: a call that nobody has answered after this time is refused; a day by default',
        ),
    })
    .describe('A model that works with the capabilities of agents until it answers'),
})
