import type { IssuerSettings } from '../domain/identity-settings.ts'

/** What a token says, after its signature, issuer, audience and times were found right. */
export type VerifiedToken = {
  issuer: IssuerSettings
  /** The caller's id at the issuer (`sub`). */
  subject: string
  /** Until when it holds, in seconds since 1970. */
  expires: number
  claims: Readonly<Record<string, unknown>>
}

/** Tokens of issuers (OIDC). */
export type Tokens = {
  /** Why a token is refused, for its sender, or what it says. Throws UnavailableError where the keys of its issuer cannot be had. */
  verifyToken(text: string): Promise<VerifiedToken | { refused: string }>
}
