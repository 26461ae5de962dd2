import * as z from 'zod'
import { LINK_ACTIONS, LINK_STATES } from '../domain/link.ts'
import { AnswerApprovalSchema } from './approval-requests.ts'
import { StepIdSchema, TaskIdSchema } from './requests.ts'
import { API_PREFIX } from './route.ts'

/** Seconds for which a link is valid where nothing is said, and at most. */
export const LINK_SECONDS = { usual: 86_400, most: 7 * 86_400 } as const
/** How many links a task may have, whatever has become of them. */
export const MOST_LINKS = 100

export const CreateLinkSchema = z.strictObject({
  id: TaskIdSchema,
  action: z
    .enum(LINK_ACTIONS)
    .describe('`answer`: answers the approval of a step; `result`: shows the result of the task'),
  stepId: StepIdSchema.optional().describe('The step that waits for an answer'),
  decision: z
    .string()
    .max(200)
    .optional()
    .describe('The only choice that the link offers; by default all choices of the step'),
  expiresInSeconds: z
    .int()
    .min(1)
    .max(LINK_SECONDS.most)
    .default(LINK_SECONDS.usual)
    .describe('A day where it is not said, 7 days at most; a link to an approval ends with its question'),
})

const LinkIdSchema = z.string().regex(/^l_[0-9a-z]{26}$/, 'the id of a link is l_ and 26 characters')
export const LinkRefSchema = z.strictObject({ id: TaskIdSchema, linkId: LinkIdSchema })

export const LinkViewSchema = z.object({
  linkId: z.string().describe('Opens nothing by itself'),
  taskId: z.string(),
  action: z.enum(LINK_ACTIONS),
  stepId: z.string().optional(),
  decision: z.string().optional(),
  status: z.enum(LINK_STATES),
  madeBy: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
  usedAt: z.string().optional(),
  revokedAt: z.string().optional(),
})
export type LinkView = z.output<typeof LinkViewSchema>

export const NewLinkViewSchema = LinkViewSchema.extend({
  path: z
    .string()
    .describe(
      'The address of the link under that of the door for tokens and keys, with its secret: it is not stored and is never shown again',
    ),
})
export type NewLinkView = z.output<typeof NewLinkViewSchema>

/** The path under which links are opened, with the name of the link in the place of `{link}`. These two routes ask for no credentials. */
export const LINK_PATH = `${API_PREFIX}/links/{link}`

export const SecretSchema = z.string().regex(/^[\w-]{43}$/)

/** What is sent to use a link. */
export const UseLinkSchema = z.strictObject({
  secret: SecretSchema,
  decision: AnswerApprovalSchema.shape.decision.optional(),
  comment: AnswerApprovalSchema.shape.comment,
  value: AnswerApprovalSchema.shape.value,
})
export type UseLink = z.output<typeof UseLinkSchema>
