import type { Admitted, Refused } from '../../contracts/caller-context.ts'
import { DEFAULT_TENANT, SCOPES, type Scope } from '../../domain/caller.ts'
import { TenantSchema } from '../../domain/tenant.ts'
import type { VerifiedToken } from '../../ports/tokens.ts'

/** A subject is stored with what it does. */
const MOST_SUBJECT_CHARACTERS = 255
/** The access log is JSON into which API Gateway writes a subject as it is: a quotation mark would end its member, and begin one of the subject's choice. */
const UNFIT = /["\p{Cc}\p{Cs}]/u

/** The caller whom a verified token means, as the settings of its issuer say. */
export function callerOfToken({ issuer, subject, expires, claims }: VerifiedToken): Admitted | Refused {
  const said = typeof issuer.tenant === 'string' ? issuer.tenant : claimAt(claims, issuer.tenant.claim)
  const tenant = TenantSchema.safeParse(said)
  if (!tenant.success) {
    const claim = typeof issuer.tenant === 'string' ? '' : issuer.tenant.claim
    return { refused: `the claim "${claim}" of the token names no tenant` }
  }
  // The tenant of the account's own roles is no name that a customer of an issuer may choose.
  if (typeof issuer.tenant !== 'string' && tenant.data === DEFAULT_TENANT)
    return {
      refused: `the claim "${issuer.tenant.claim}" of the token names the tenant "${DEFAULT_TENANT}", which an issuer is given by the stage only`,
    }
  if (subject.length > MOST_SUBJECT_CHARACTERS)
    return { refused: `the subject of the token has more than ${MOST_SUBJECT_CHARACTERS} characters` }
  if (UNFIT.test(subject))
    return { refused: 'the subject of the token has a quotation mark or a control character' }
  const scopes = Array.isArray(issuer.scopes) ? issuer.scopes : scopesIn(claimAt(claims, issuer.scopes.claim))
  return { kind: 'oidc', tenant: tenant.data, subject, scopes, issuer: issuer.issuer, expires }
}

/** A claim by its name, else one inside another with dots between their names. */
function claimAt(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  return name.split('.').reduce<unknown>((inner, part) => {
    const isHere = typeof inner === 'object' && inner !== null && Object.hasOwn(inner, part)
    return isHere ? (inner as Record<string, unknown>)[part] : undefined
  }, claims)
}

/** Text with spaces between them (RFC 8693), or a list. */
function scopesIn(claim: unknown): Scope[] {
  const said: unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : []
  return SCOPES.filter((scope) => said.includes(scope))
}
