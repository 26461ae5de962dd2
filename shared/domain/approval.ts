import * as z from 'zod'

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
        .describe('What vouches for `by`: oidc, key, iam; absent where anybody may say it'),
      issuer: z.string().optional(),
      shown: z.string().optional().describe('A digest (SHA-256) of the question that was answered'),
    })
    .optional(),
})
export type Approval = z.infer<typeof ApprovalSchema>

/** The recorded decider of an approval that timed out. */
export const NOBODY = 'timeout'
