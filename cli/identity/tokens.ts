import * as z from 'zod'
import { CliError, EXIT } from '../cli-error.ts'
import { keepProfile, type Profile, readProfiles, type Tokens } from './profiles.ts'

/** What an issuer says of itself (OpenID Connect Discovery 1.0, RFC 8414). */
const DiscoverySchema = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  device_authorization_endpoint: z.url().optional(),
})
export type Discovery = z.output<typeof DiscoverySchema>

const GrantSchema = z.object({
  access_token: z.string().min(1),
  token_type: z.string().optional(),
  expires_in: z.coerce.number().positive().max(31_536_000).default(300),
  refresh_token: z.string().optional(),
})
const RefusalSchema = z.object({ error: z.string(), error_description: z.string().optional() })

const MOST_MILLISECONDS = 15_000
/** A token that ends within this time is renewed first. */
const SOON_MILLISECONDS = 30_000

/** An issuer's refusal, by its code (RFC 6749). */
export class Refusal extends Error {
  readonly code: string

  constructor(code: string, description: string | undefined) {
    super(description ? `${code}: ${description.slice(0, 300)}` : code)
    this.code = code
  }
}

/** Throws CliError where the issuer cannot be reached, or is none. */
export async function discover(issuer: string): Promise<Discovery> {
  const url = `${requireSafe(issuer).replace(/\/$/, '')}/.well-known/openid-configuration`
  const found = DiscoverySchema.safeParse(await (await ask(url)).json().catch(() => undefined))
  if (!found.success || found.data.issuer !== issuer)
    throw new CliError(`${url} is not the document of the issuer ${issuer}`)
  const {
    authorization_endpoint,
    token_endpoint,
    device_authorization_endpoint = token_endpoint,
  } = found.data
  for (const endpoint of [authorization_endpoint, token_endpoint, device_authorization_endpoint])
    requireSafe(endpoint)
  return found.data
}

/** Only TLS, or this machine. */
export function requireSafe(url: string): string {
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' }
  if (protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)))
    return url
  throw new CliError(`${url.slice(0, 300)} is not asked by https: nobody signs in there`)
}

/** Asks for tokens. Throws Refusal, or CliError where there is no answer. */
export async function askForTokens(endpoint: string, fields: Record<string, string>): Promise<Tokens> {
  const answer = await ask(endpoint, fields)
  const body: unknown = await answer.json().catch(() => undefined)
  const grant = GrantSchema.safeParse(body)
  if (answer.ok && grant.success) {
    const { access_token: access, expires_in: seconds, refresh_token: refresh } = grant.data
    return { access, until: Date.now() + 1_000 * seconds, ...(refresh ? { refresh } : {}) }
  }
  const refused = RefusalSchema.safeParse(body)
  if (refused.success) throw new Refusal(refused.data.error, refused.data.error_description)
  throw new CliError(`${endpoint} has answered ${answer.status}, and not as an issuer does`, EXIT.unreachable)
}

export function ask(url: string, fields?: Record<string, string>): Promise<Response> {
  const signal = AbortSignal.timeout(MOST_MILLISECONDS)
  const post = fields && { method: 'POST', body: new URLSearchParams(fields) }
  return fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' }, ...post }).catch(
    (error: Error) => {
      const { cause } = error as Error & { cause?: { message?: string } }
      throw new CliError(
        `${new URL(url).origin} cannot be reached: ${cause?.message ?? error.message}`,
        EXIT.unreachable,
      )
    },
  )
}

/** Renewals that are under way: many issuers take a refresh token once, and end the sign-in of who shows one again. */
const renewing = new Map<string, Promise<Tokens>>()

/** The tokens of a profile, renewed where they end soon, and kept. Throws CliError where somebody has to sign in again. */
export async function freshTokens(name: string, profile: Profile): Promise<Tokens> {
  const { tokens, issuer, clientId } = profile
  const again = `sign in again: npx orchestrator login ${profile.url} --profile ${name}`
  if (!tokens || !issuer || !clientId)
    throw new CliError(`nobody is signed in with the profile "${name}"; ${again}`)
  if (isFresh(tokens)) return tokens
  const { refresh } = tokens
  if (!refresh) throw new CliError(`the sign-in of the profile "${name}" has expired; ${again}`)
  const before = renewing.get(refresh)
  if (before) return before
  const renewed = renew(name, profile, { issuer, clientId, refresh }).catch(async (error: unknown) => {
    if (!(error instanceof Refusal)) throw error
    // Another command may have been faster.
    const now = (await readProfiles()).get(name)?.tokens
    if (now && now.refresh !== refresh && isFresh(now)) return now
    throw new CliError(`the sign-in of the profile "${name}" has ended (${error.message}); ${again}`)
  })
  renewing.set(refresh, renewed)
  return renewed.finally(() => renewing.delete(refresh))
}

const isFresh = ({ until }: Tokens): boolean => until > Date.now() + SOON_MILLISECONDS

async function renew(
  name: string,
  profile: Profile,
  { issuer, clientId, refresh }: { issuer: string; clientId: string; refresh: string },
): Promise<Tokens> {
  const { token_endpoint: endpoint } = await discover(issuer)
  const fields = { grant_type: 'refresh_token', refresh_token: refresh, client_id: clientId }
  const kept = { refresh, ...(await askForTokens(endpoint, fields)) }
  await keepProfile(name, { ...profile, tokens: kept })
  return kept
}
