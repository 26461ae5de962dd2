import * as z from 'zod'

/** How long it is told that a tenant was deleted. Until then only a digest of its name is kept, and numbers. */
export const DELETION_TOLD_DAYS = 30

/** The deletion of a tenant while it lasts. */
export const TenantDeletionSchema = z.object({
  tenant: z.string(),
  requestedAt: z.string(),
  /** Tasks that are marked so far. */
  tasks: z.number().int(),
  /** Records of the registry that are removed so far. */
  records: z.number().int(),
  /** Since when there is nothing left that is known; what was written late is removed after it (ISO 8601). */
  quietSince: z.string().optional(),
  /** Where the pass over the registry goes on. */
  cursor: z.string().optional(),
  /** Counts its writes, for optimistic locking. */
  revision: z.number().int(),
})
export type TenantDeletion = z.output<typeof TenantDeletionSchema>

/** What is told of a deletion that has ended. */
export const EndedDeletionSchema = z.object({
  requestedAt: z.string(),
  endedAt: z.string(),
  tasks: z.number().int(),
  records: z.number().int(),
})
export type EndedDeletion = z.output<typeof EndedDeletionSchema>
