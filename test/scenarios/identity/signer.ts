import { createHmac, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { importJWK, type JWK, SignJWT } from 'jose'

export const AUDIENCE = 'https://orchestrator.example.com'

export type Claims = Readonly<Record<string, unknown>>
export type Head = Readonly<Record<string, unknown>>

/** Who signs tokens as an issuer does: with `iss`, `aud`, `sub`, `exp`, and what is said besides; undefined removes what would be said. */
export type Signer = {
  issuer: string
  /** The public half of the key that it signs by, as its issuer publishes it. */
  publicKey: Readonly<Record<string, unknown>>
  /** A token of ada at acme that may do everything. */
  token(claims?: Claims, header?: Head): Promise<string>
}

/** What every token says, unless it is told otherwise. */
export const USUAL: Claims = { aud: AUDIENCE, sub: 'ada', tenant: 'acme', scope: 'admin' }

/** An issuer without a server: whoever knows its public key, at an address of their own, can verify its tokens. */
export async function signerOf(issuer: string, privateKey: JWK = makeKey()): Promise<Signer> {
  const { kid, alg = 'RS256' } = privateKey
  const key = await importJWK(privateKey, alg)
  const { kty, n, e, crv, x, y } = privateKey
  return {
    issuer,
    publicKey: defined({ kty, n, e, crv, x, y, kid, alg }),
    async token(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1_000)
      const all = { iss: issuer, iat: now, exp: now + 3_600, ...USUAL, ...claims }
      return new SignJWT(defined(all))
        .setProtectedHeader({ alg, ...(kid ? { kid } : {}), ...header })
        .sign(key)
    },
  }
}

/** A private key (RSA, 2048 bits). */
export function makeKey(): JWK {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const jwk: JsonWebKey = privateKey.export({ format: 'jwk' })
  return { ...(jwk as JWK), kid: 'made', alg: 'RS256' }
}

const defined = (all: Claims): Record<string, unknown> =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))

/** The tokens of the design's table, each by what is wrong with it. */
export async function wrongTokens(signer: Signer): Promise<Record<string, string>> {
  const [head = '', body = '', signature = ''] = (await signer.token()).split('.')
  return {
    'bad signature': `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
    'wrong audience': await signer.token({ aud: 'https://else.example.com' }),
    expired: await signer.token({ exp: Math.floor(Date.now() / 1_000) - 60 }),
    'alg: none': `${encode({ alg: 'none', typ: 'JWT' })}.${body}.`,
  }
}

/** Further tokens, and what is none, that must open nothing. `other` signs as well, and is no issuer of the stage. */
export async function otherWrongTokens(signer: Signer, other: Signer): Promise<Record<string, string>> {
  const now = Math.floor(Date.now() / 1_000)
  const [head = '', body = '', signature = ''] = (await signer.token()).split('.')
  const { kid } = signer.publicKey
  return {
    'no signature': `${head}.${body}.`,
    'body of another': `${head}.${(await signer.token({ tenant: 'other' })).split('.')[1]}.${signature}`,
    'no audience': await signer.token({ aud: undefined }),
    'without end': await signer.token({ exp: undefined }),
    'not yet valid': await signer.token({ nbf: now + 600 }),
    'without subject': await signer.token({ sub: undefined }),
    'alg: none, signed': `${encode({ alg: 'none', typ: 'JWT' })}.${body}.${signature}`,
    'HS256 with the public key': signedBy(
      JSON.stringify(signer.publicKey),
      { alg: 'HS256', typ: 'JWT', kid },
      body,
    ),
    'another issuer': await other.token(),
    'another issuer under this name': await other.token({ iss: signer.issuer }),
    'the key id of this one by another': await other.token({ iss: signer.issuer }, { kid }),
    'an ID token': await signer.token({ at_hash: 'x' }),
    'another type': await signer.token({}, { typ: 'logout+jwt' }),
    'no tenant': await signer.token({ tenant: undefined }),
    'a tenant that cannot be': await signer.token({ tenant: 'Acme!' }),
    'a key of its own': await other.token(
      { iss: signer.issuer },
      { jku: `${other.issuer}/jwks`, jwk: other.publicKey, kid: 'unknown' },
    ),
    'no token at all': 'abc',
    'a very long one': 'a'.repeat(9_000),
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function signedBy(secret: string, header: object, body: string): string {
  const text = `${encode(header)}.${body}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}
