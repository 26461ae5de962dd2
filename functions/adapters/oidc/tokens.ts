/**
 * Access tokens of issuers (JWT).
 *
 * Invariants (tests cite them):
 * token/T1 a signature counts by RS256, PS256, ES256 or EdDSA alone, whatever the token says of itself, and by a key of its own issuer alone
 * token/T2 a token counts between its `nbf` and its `exp`, 5 seconds either way; one without `exp` or `sub` does not count
 * token/T3 a token counts for one of the issuer's audiences alone, and ID tokens do not count
 */
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import type { IssuerSettings } from '../../../shared/domain/identity-settings.ts'
import type { Tokens, VerifiedToken } from '../../../shared/ports/tokens.ts'
import type { KeySets } from './key-sets.ts'

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA']
/** What access tokens say that they are: RFC 9068, what issuers before it say, or nothing. */
const TYPES = ['at+jwt', 'application/at+jwt', 'jwt']
const TOLERANCE_SECONDS = 5

type Settings = { issuers: readonly IssuerSettings[]; keys: KeySets; now: () => number }

export function oidcTokens({ issuers, keys, now }: Settings): Tokens {
  async function verify(text: string, issuer: IssuerSettings) {
    const options = {
      algorithms: ALGORITHMS,
      issuer: issuer.issuer,
      audience: [...issuer.audiences],
      clockTolerance: TOLERANCE_SECONDS,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(now()),
    }
    try {
      return await jwtVerify(text, await keys.keysOf(issuer), options)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      // Its issuer may have new keys.
      return await jwtVerify(text, await keys.keysOf(issuer, true), options)
    }
  }

  return {
    async verifyToken(text) {
      const issuer = issuers.find((one) => one.issuer === issuerOf(text))
      if (issuer === undefined) return { refused: 'it is no token of an issuer that this installation knows' }
      try {
        const { payload, protectedHeader } = await verify(text, issuer)
        return verifiedOf(issuer, payload, protectedHeader.typ)
      } catch (error) {
        if (error instanceof errors.JOSEError) return { refused: reasonOf(error) }
        throw error
      }
    },
  }
}

type Claims = Readonly<Record<string, unknown>>

function verifiedOf(
  issuer: IssuerSettings,
  claims: Claims,
  type: unknown,
): VerifiedToken | { refused: string } {
  if (type !== undefined && !(typeof type === 'string' && TYPES.includes(type.toLowerCase())))
    return { refused: 'it is no access token: its type (typ) is another' }
  // By what issuers mark those with which a client only learns who has signed in.
  if ('at_hash' in claims || claims.token_use === 'id' || claims.typ === 'ID' || claims.typ === 'Refresh')
    return { refused: 'it is an ID or refresh token: send the access token' }
  const { sub, exp } = claims
  if (typeof sub !== 'string' || sub === '' || typeof exp !== 'number')
    return { refused: 'it has no subject (sub) or no end (exp)' }
  return { issuer, subject: sub, expires: Math.floor(exp), claims }
}

/** What a token claims before anything of it is verified: it only chooses among the issuers of the stage. */
function issuerOf(text: string): string | undefined {
  try {
    return ALGORITHMS.includes(decodeProtectedHeader(text).alg ?? '') ? decodeJwt(text).iss : undefined
  } catch {
    return undefined
  }
}

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired'
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the claim "${error.claim}" of the token is not right`
  if (error instanceof errors.JWKSNoMatchingKey)
    return 'the token is signed by a key that its issuer does not have'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is not right'
  return 'the token is not one that can be verified'
}
