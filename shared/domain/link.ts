/**
 * Links by which a person without an account answers one approval, or reads one result.
 *
 * Invariants (tests cite them):
 * link/L1 what is stored opens nothing: the secret has 256 random bits, and only its SHA-256 is kept; an id without its secret opens nothing
 * link/L2 a link does one thing of one step of one task, once, before it expires, and not after it was revoked
 * link/L3 to look at a link changes nothing, however often it is done
 * link/L4 an answer by a link is one of who has made it: he may decide when he makes it, and when it is used
 * link/L5 a link answers the question that was asked when it was made, and no later one
 * link/L6 a link whose result is too large to be shown is refused, and is not used by that
 */
import * as z from 'zod'
import { IdentitySchema } from './identity.ts'

export const LINK_ACTIONS = ['answer', 'result'] as const

export const StoredLinkSchema = z.object({
  id: z.string(),
  taskId: z.string(),
  tenant: z.string(),
  action: z.enum(LINK_ACTIONS),
  path: z.string().optional().describe('The step whose approval it answers'),
  question: z.string().optional().describe('`expiresAt` of the question that it answers (link/L5)'),
  decision: z.string().optional().describe('The only choice that it offers; all of the step by default'),
  maker: z.object({
    by: z.string(),
    names: z.array(z.string()),
    identities: z.array(IdentitySchema),
    kind: z.string().optional(),
    issuer: z.string().optional(),
  }),
  createdAt: z.string(),
  expiresAt: z.string(),
  digest: z.string().describe('SHA-256 of the secret, in hexadecimal'),
  revokedAt: z.string().optional(),
  used: z.object({ at: z.string(), digest: z.string().describe('Of what was done by it') }).optional(),
})
export type StoredLink = z.infer<typeof StoredLinkSchema>

/** How a link is shown in an address: the task and the link, without their prefixes. */
export const linkName = ({ taskId, id }: Pick<StoredLink, 'taskId' | 'id'>): string =>
  `${taskId.slice(2)}-${id.slice(2)}`

export const LINK_NAME = /^([0-9a-z]{26})-([0-9a-z]{26})$/

/** The inverse of {@link linkName}; undefined for what is no name of a link. */
export function partsOfLink(name: string): { taskId: string; id: string } | undefined {
  const [, task, id] = LINK_NAME.exec(name) ?? []
  return task === undefined || id === undefined ? undefined : { taskId: `t_${task}`, id: `l_${id}` }
}

export const LINK_STATES = ['open', 'used', 'revoked', 'expired'] as const
export type LinkState = (typeof LINK_STATES)[number]

export function stateOfLink({ used, revokedAt, expiresAt }: StoredLink, now: Date): LinkState {
  if (used) return 'used'
  if (revokedAt !== undefined) return 'revoked'
  return Date.parse(expiresAt) <= now.getTime() ? 'expired' : 'open'
}
