/**
 * What the authorizer of the door for tokens and keys says of a caller. API Gateway keeps it for a minute and writes it into the events of requests, where
 * no header and no body can. Only text: the access log shows it too.
 */
import * as z from 'zod'
import { type Caller, SCOPES, type Scope } from '../domain/caller.ts'

/** Until when it holds, in seconds since 1970: a token may end before the minute does. */
export type Admitted = Caller & { kind: 'oidc' | 'key'; expires: number }
/** Why nobody was found behind a token; the request is answered with it. */
export type Refused = { refused: string }

const ContextSchema = z.union([
  z.object({ kind: z.literal('refused'), reason: z.string() }),
  z.object({
    kind: z.enum(['oidc', 'key']),
    tenant: z.string().min(1),
    subject: z.string().min(1),
    scopes: z.string(),
    issuer: z.string(),
    expires: z.string().regex(/^\d+$/),
  }),
])

export function contextOf(found: Admitted | Refused): Record<string, string> {
  if ('refused' in found) return { kind: 'refused', reason: found.refused }
  const { kind, tenant, subject, scopes, issuer = '', expires } = found
  return { kind, tenant, subject, scopes: scopes.join(' '), issuer, expires: String(expires) }
}

/** Undefined for what is no context of ours. */
export function readContext(context: unknown): Admitted | Refused | undefined {
  const { data } = ContextSchema.safeParse(context)
  if (data === undefined) return undefined
  if (data.kind === 'refused') return { refused: data.reason }
  const { kind, tenant, subject, scopes, issuer, expires } = data
  const held = scopes.split(' ').filter((one): one is Scope => SCOPES.some((scope) => scope === one))
  return { kind, tenant, subject, scopes: held, ...(issuer ? { issuer } : {}), expires: Number(expires) }
}
