/**
 * Who somebody is, as far as it is known: for rules that compare callers, such as that nobody approves what he has submitted.
 *
 * Invariants (tests cite them):
 * identity/I1 what one role, one user, one subject of one issuer or one key does is done by one identity, whatever its session is called
 * identity/I2 what is not known may be anybody: no rule is passed because a record is missing
 * identity/I3 no list of identities loses one: one that is too long becomes one that may be anybody
 */
import * as z from 'zod'
import { type Caller, nameToKeep } from './caller.ts'

export const IdentitySchema = z.object({
  subject: z.string(),
  kind: z.enum(['iam', 'oidc', 'key', 'local', 'link', 'unknown']),
  issuer: z.string().optional(),
})
export type Identity = z.infer<typeof IdentitySchema>

/** An unknown person, who may be anybody. */
export const ANYBODY: Identity = { subject: '', kind: 'unknown' }

/** How many identities one record names; of more than that it says that it may have been anybody (identity/I3). */
const MOST_IDENTITIES = 50

export const identityOf = ({ subject, kind, issuer }: Caller): Identity => ({
  subject,
  kind,
  ...(issuer === undefined ? {} : { issuer }),
})

/** The identities of a list and of another one, each once. A list that is not there was not kept: that may have been anybody. */
export function withIdentities(
  before: readonly Identity[] | undefined,
  more: readonly Identity[],
): Identity[] {
  const all = new Map([...(before ?? [ANYBODY]), ...more].map((one) => [JSON.stringify(one), one]))
  return all.size > MOST_IDENTITIES ? [ANYBODY] : [...all.values()]
}

const SESSION = /^arn:[\w-]+:sts::(\d{12}):assumed-role\/([^/]+)\//
const FEDERATED = /^arn:[\w-]+:sts::\d{12}:federated-user\//
const USER = /^arn:[\w-]+:iam::(\d{12}):user\/(?:.*\/)?([^/]+)$/

/** Whether two may be the same (identity/I1, identity/I2). A federated user is some user of the account under a name of his choice. */
export function maybeSame(one: Identity, other: Identity): boolean {
  if (one.kind === 'unknown' || other.kind === 'unknown') return true
  if (one.kind !== other.kind) return false
  if (one.kind === 'iam' && (FEDERATED.test(one.subject) || FEDERATED.test(other.subject))) return true
  if (one.kind === 'iam') return nameInAccount(one.subject) === nameInAccount(other.subject)
  const isOfOneIssuer = one.issuer === other.issuer || one.issuer === undefined || other.issuer === undefined
  return one.subject === other.subject && isOfOneIssuer
}

/** The role of a session, or the user, of its account; other ARNs as they are. */
function nameInAccount(arn: string): string {
  const [, account, role] = SESSION.exec(arn) ?? []
  if (role !== undefined) return `${account} role/${role}`
  const [, ofUser, user] = USER.exec(arn) ?? []
  return user === undefined ? arn : `${ofUser} user/${user}`
}

/** The name of an identity as it is shown; none where it may be anybody. */
export const nameOfIdentity = ({ kind, ...one }: Identity): string[] =>
  kind === 'unknown' ? [] : [nameToKeep({ ...one, kind }, one.subject)]
