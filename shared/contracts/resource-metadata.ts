import * as z from 'zod'
import { SCOPES } from '../domain/caller.ts'
import type { IdentitySettings } from '../domain/identity-settings.ts'

/** Where a client without a token learns who the issuers are (RFC 9728). */
export const METADATA_PATH = '/.well-known/oauth-protected-resource'

/** What is asked of it. Members that begin with `orchestrator_` are ours. */
export const ResourceMetadataSchema = z.object({
  resource: z.string(),
  authorization_servers: z.array(z.string()).default([]),
  orchestrator_clients: z
    .array(z.object({ issuer: z.string(), client_id: z.string(), audience: z.string() }))
    .default([]),
})

/** TLS, but for this machine. */
export const originOf = (host: string): string =>
  `${/^(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(host) ? 'http' : 'https'}://${host}`

export function resourceMetadata({ issuers }: IdentitySettings, host: string): Record<string, unknown> {
  return {
    resource: originOf(host),
    authorization_servers: issuers.map(({ issuer }) => issuer),
    scopes_supported: SCOPES,
    bearer_methods_supported: ['header'],
    orchestrator_clients: issuers.flatMap(({ issuer, clientId, audiences }) =>
      clientId === undefined ? [] : [{ issuer, client_id: clientId, audience: audiences[0] ?? '' }],
    ),
  }
}
