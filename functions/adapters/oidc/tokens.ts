/**
 * Access tokens of issuers (JWT).
 *
 * Invariants (tests cite them):
 * token/T1 a signature counts by RS256, PS256, ES256 or EdDSA alone, whatever the token says of itself, and by a key of its own issuer alone
 * token/T2 a token counts between its `nbf` and its `exp`, 5 seconds either way; one without `exp` or `sub` does not count
 * token/T3 a token counts for one of the issuer's audiences alone, and ID, refresh and logout tokens do not count
 * token/T4 a token with a nonce, or for the client that people sign in with, counts only where something in it says that it is an access token
 * token/T5 a key that does not fit, is too weak or is no key, refuses the tokens that name it, and fails no call
 */
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose'
import type { IssuerSettings } from '../../../shared/domain/identity-settings.ts'
import type { Tokens, VerifiedToken } from '../../../shared/ports/tokens.ts'
import type { KeySet, KeySets } from './key-sets.ts'

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
      return await verifyBy(await keys.keysOf(issuer), text, options)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      // Its issuer may have new keys.
      return await verifyBy(await keys.keysOf(issuer, true), text, options)
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

/** Where several keys fit a token, so many are tried. */
const MOST_KEYS = 10

/** By the key that fits; by each that fits where several do, as in a set whose keys have no ids, or the same. */
async function verifyBy(keySet: KeySet, text: string, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(text, keySet, options)
  } catch (error) {
    // token/T5: jose says of a key that cannot be used what is wrong with it, or what Web Crypto says.
    if (error instanceof TypeError || error instanceof DOMException) throw new UnusableKeyError(error.message)
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    let tried = 0
    for await (const key of error) {
      const verified = await jwtVerify(text, key, options).catch(unlessOtherKey)
      if (verified) return verified
      if (++tried === MOST_KEYS) break
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

class UnusableKeyError extends errors.JOSEError {}

/** Whether another key may fit: this one did not, or cannot be used. */
function unlessOtherKey(error: unknown): undefined {
  const isOfKey = error instanceof errors.JWSSignatureVerificationFailed || error instanceof TypeError
  if (!isOfKey) throw error
}

type Claims = Readonly<Record<string, unknown>>

function verifiedOf(
  issuer: IssuerSettings,
  claims: Claims,
  type: unknown,
): VerifiedToken | { refused: string } {
  if (type !== undefined && !(typeof type === 'string' && TYPES.includes(type.toLowerCase())))
    return { refused: 'it is no access token: its type (typ) is another' }
  if (isOtherToken(claims)) return { refused: 'it is an ID, refresh or logout token: send the access token' }
  if (mayBeIdToken(issuer, claims) && !isMarkedAccess(claims, type))
    return {
      refused:
        'nothing in it tells it from an ID token: send the access token, with "typ": "at+jwt", or a claim scope, scp or client_id',
    }
  const { sub, exp } = claims
  if (typeof sub !== 'string' || sub === '' || !Number.isSafeInteger(Math.floor(Number(exp))))
    return { refused: 'it has no subject (sub) or no end (exp)' }
  return { issuer, subject: sub, expires: Math.floor(Number(exp)), claims }
}

/** Claims that only ID tokens have (OpenID Connect Core 3.3.2.11, FAPI), and only logout and security events (RFC 8417). */
const OTHER_CLAIMS = ['at_hash', 'c_hash', 's_hash', 'events']
/** What Keycloak calls its tokens that are none for an API. */
const OTHER_TYPES = ['id', 'refresh', 'offline', 'logout', 'serialized-id']

const lower = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.toLowerCase() : undefined

function isOtherToken(claims: Claims): boolean {
  const { token_use: use, typ } = claims
  return (
    OTHER_CLAIMS.some((name) => Object.hasOwn(claims, name)) ||
    // Amazon Cognito: `access` or `id`.
    (use !== undefined && use !== 'access') ||
    OTHER_TYPES.includes(lower(typ) ?? '')
  )
}

/** ID tokens are for the client (`aud`), and have the nonce of its request. Keycloak before 25 writes the nonce into access tokens too, so it alone says nothing. */
function mayBeIdToken({ clientId }: IssuerSettings, { aud, nonce }: Claims): boolean {
  return nonce !== undefined || (clientId !== undefined && [aud].flat().includes(clientId))
}

/**
 * What an access token has, by RFC 9068 (Auth0, Okta, Ping), Cognito, Keycloak and Microsoft Entra ID, and an ID token has not. None of it can be asked of every
 * token, since many issuers write none of it.
 */
function isMarkedAccess(claims: Claims, type: unknown): boolean {
  return (
    lower(type)?.endsWith('at+jwt') === true ||
    claims.token_use === 'access' ||
    ['bearer', 'dpop'].includes(lower(claims.typ) ?? '') ||
    ['scope', 'scp', 'client_id', 'cid'].some((name) => Object.hasOwn(claims, name))
  )
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
  if (error instanceof UnusableKeyError)
    return 'the key of its issuer that the token names cannot be used: an RSA key has 2048 bits or more'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is not right'
  return 'the token is not one that can be verified'
}
