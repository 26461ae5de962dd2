import * as z from 'zod'
import { AuditEntrySchema } from '../domain/audit.ts'
import { wholeNumber } from './list-requests.ts'

export const ListAuditSchema = z.strictObject({
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
  next: z.number().nullable().describe('`from` of the next page; null on the last'),
})
