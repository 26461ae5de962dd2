import * as z from 'zod'
import { AUDIT_OUTCOMES, AuditEntrySchema } from '../domain/audit.ts'
import { SIGNING_ALGORITHM, SignedAnchorSchema } from '../domain/audit-anchor.ts'
import { wholeNumber } from './list-requests.ts'
import { TimeSchema } from './requests.ts'

const MOST_SUBJECT = 500

/** What entries are asked for; all that are given must fit. */
export const AuditFilterSchema = z.strictObject({
  subject: z.string().min(1).max(MOST_SUBJECT).optional().describe('Only what this caller has asked for'),
  action: z
    .string()
    .regex(/^[A-Za-z]{1,64}$/, 'an action is the id of a route, such as cancelTask')
    .optional()
    .describe('Only this action: the id of a route'),
  resource: z
    .string()
    .min(1)
    .max(MOST_SUBJECT)
    .optional()
    .describe('Only of this resource and those below it, such as tasks/t_01...'),
  outcome: z.enum(AUDIT_OUTCOMES).optional().describe('Only what has ended so'),
  since: TimeSchema.optional().describe('Only what was asked for at this time or later'),
  until: TimeSchema.optional().describe('Only what was asked for before this time'),
})

export const ListAuditSchema = AuditFilterSchema.extend({
  order: z
    .enum(['newest', 'oldest'])
    .default('newest')
    .describe('Which entries come first; a chain is checked from the oldest on'),
  from: wholeNumber(1, 999_999_999).optional().describe('Go on from this entry, that one included'),
  limit: wholeNumber(1, 100).default(20),
})
export type ListAudit = z.output<typeof ListAuditSchema>

export const AuditEntryViewSchema = AuditEntrySchema

/** A page of entries, and where to go on. */
export const AuditListSchema = z.object({
  entries: z.array(AuditEntryViewSchema),
  next: z
    .number()
    .nullable()
    .describe(
      '`from` of the next page; null on the last. A page may have fewer entries than `limit`, or none, and go on: so much was looked through',
    ),
  incomplete: z
    .literal(true)
    .optional()
    .describe('What was done within the last minutes may be missing: it could not be appended in time'),
})

export const ListAnchorsSchema = z.strictObject({
  from: wholeNumber(1, 999_999_999).default(1).describe('Only anchors of this entry and later ones'),
  limit: wholeNumber(1, 100).default(20),
})
export type ListAnchors = z.output<typeof ListAnchorsSchema>

/** A page of anchors, oldest first. */
export const AnchorListSchema = z.object({
  tenant: z.string().describe('Whose anchors these are: the tenant of the caller'),
  key: z
    .object({
      algorithm: z.literal(SIGNING_ALGORITHM),
      publicKey: z.string().describe('SubjectPublicKeyInfo, DER in base64'),
    })
    .nullable()
    .describe(
      'The key that signs now; null where the stage has no anchors. Anchors of before it was replaced name another one',
    ),
  anchors: z.array(SignedAnchorSchema),
  next: z.number().nullable().describe('`from` of the next page; null on the last'),
})
export type AnchorList = z.output<typeof AnchorListSchema>
