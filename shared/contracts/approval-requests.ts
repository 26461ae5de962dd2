import * as z from 'zod'
import { AnyJsonSchema, StepIdSchema, TaskIdSchema } from './requests.ts'

/** By whom the laptop's own user answers where he does not say it. */
export const NAMELESS = 'api'

export const AnswerApprovalSchema = z.strictObject({
  id: TaskIdSchema,
  stepId: StepIdSchema,
  decision: z.string().max(200).describe('One of the choices of the step'),
  by: z
    .string()
    .min(1)
    .max(200)
    .default(NAMELESS)
    .describe(
      'Who decides: only where the caller is the user of this machine; of all others the credentials say it',
    ),
  comment: z.string().max(4_000).optional(),
  value: AnyJsonSchema.optional().describe(
    'The value that is decided on, as it shall be: it is checked against `edit` of the step, kept as edited, and has at most 64 KiB; without it the value stays as it was shown',
  ),
  expiresAt: z
    .string()
    .max(50)
    .optional()
    .describe(
      '`expiresAt` of the question that was shown: where the step asks another one by now, as after a retry, nothing is answered (409)',
    ),
})
export type AnswerApproval = z.output<typeof AnswerApprovalSchema>
