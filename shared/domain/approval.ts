import * as z from 'zod'
import { StoredValueSchema } from './stored-value.ts'

/** Who may be kept from deciding: whoever has submitted, forked or retried the task. */
export const NOT_BY = ['submitter'] as const

/** The question to a person, and the answer. */
export const ApprovalSchema = z.object({
  prompt: z.string(),
  choices: z.array(z.string()),
  approvers: z.array(z.string()).optional(),
  notBy: z.enum(NOT_BY).optional().describe('Who may not decide, whatever else holds'),
  expiresAt: z.string(),
  digest: z
    .string()
    .optional()
    .describe('A digest (SHA-256) of what is asked, and of whom: the same question has the same'),
  value: StoredValueSchema.optional(),
  editable: z.boolean().optional().describe('Whether an answer may change the value that is decided on'),
  token: z.string(),
  answer: z
    .object({
      decision: z.string(),
      by: z.string(),
      comment: z.string().optional(),
      at: z.string(),
      kind: z
        .string()
        .optional()
        .describe('What vouches for `by`: oidc, key, iam, link; absent where anybody may say it'),
      issuer: z.string().optional(),
      madeBy: z.string().optional().describe('Who has made the link by which it was answered'),
      shown: z.string().optional().describe('A digest (SHA-256) of the question that was answered'),
      edited: z
        .object({ text: z.string().describe('JSON text'), digest: z.string() })
        .optional()
        .describe('The value as it was changed; absent where it was taken as it was shown'),
    })
    .optional(),
})
export type Approval = z.infer<typeof ApprovalSchema>

/** An approval as it is shown. */
export const ShownApprovalSchema = ApprovalSchema.omit({ token: true, value: true }).extend({
  answer: ApprovalSchema.shape.answer
    .unwrap()
    .extend({
      edited: z
        .object({ digest: z.string() })
        .optional()
        .describe(
          'The value was changed: the output of the step has it; its digest (SHA-256, canonical JSON)',
        ),
    })
    .optional(),
})
export type ShownApproval = z.infer<typeof ShownApprovalSchema>

/** Without the task token, which would allow its holder to answer, and without the values, which are the input and the output of the step. */
export function shownApproval({
  token: _token,
  value: _value,
  answer,
  ...question
}: Approval): ShownApproval {
  return { ...question, ...(answer ? { answer: shownAnswer(answer) } : {}) }
}

type Answer = NonNullable<Approval['answer']>
export const shownAnswer = ({ edited, ...answer }: Answer): NonNullable<ShownApproval['answer']> => ({
  ...answer,
  ...(edited ? { edited: { digest: edited.digest } } : {}),
})

/** The recorded decider of an approval that timed out. */
export const NOBODY = 'timeout'
