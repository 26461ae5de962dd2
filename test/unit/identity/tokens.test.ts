import fc from 'fast-check'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { keySets } from '../../../functions/adapters/oidc/key-sets.ts'
import { oidcTokens } from '../../../functions/adapters/oidc/tokens.ts'
import { authorize } from '../../../shared/app/identity/authorize.ts'
import { contextOf, readContext } from '../../../shared/contracts/caller-context.ts'
import { SCOPES } from '../../../shared/domain/caller.ts'
import { IdentitySchema } from '../../../shared/domain/identity-settings.ts'
import type { Keys } from '../../../shared/ports/index.ts'
import { portWith } from '../../support/stores/ports-with.ts'

const NOW = Date.UTC(2026, 0, 1)
const SECONDS = NOW / 1_000
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'RS512', 'ES384', 'PS384']

const identity = IdentitySchema.parse({
  issuers: [
    {
      issuer: 'https://a.example',
      audiences: ['o', 'p'],
      tenant: { claim: 'app.tenant' },
      scopes: { claim: 'scp' },
    },
    { issuer: 'https://b.example', audiences: ['o'], tenant: 'fixed', scopes: ['tasks:read'] },
    // People sign in by a client, and its tokens are for it too, as with Cognito and Entra.
    {
      issuer: 'https://c.example',
      audiences: ['o', 'cli'],
      tenant: 'fixed',
      scopes: ['tasks:read'],
      clientId: 'cli',
    },
  ],
})

type Pair = { alg: string; privateKey: CryptoKey; jwk: object }
let pairs: Pair[]
let ask: (header: string) => ReturnType<ReturnType<typeof authorize>>

beforeAll(async () => {
  pairs = await Promise.all(
    ALGORITHMS.map(async (alg) => {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
      return { alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid: alg } }
    }),
  )
  const now = () => NOW
  const fetch = async (url: unknown) => {
    const issuer = String(url).replace('/.well-known/openid-configuration', '').replace('/keys', '')
    // The second issuer has one key alone, under the same id as the first.
    const own = issuer.startsWith('https://b') ? pairs.slice(2, 3) : pairs
    return Response.json(
      String(url).endsWith('/keys')
        ? { keys: own.map(({ jwk }) => jwk) }
        : { issuer, jwks_uri: `${issuer}/keys` },
    )
  }
  const tokens = oidcTokens({ issuers: identity.issuers, keys: keySets({ fetch, now }), now })
  const keys = portWith<Keys>({}, 'keys')
  const ids = { makeId: () => '', makeSecret: () => '', digest: () => '' }
  ask = authorize({ keys, ids, clock: { now: () => new Date(NOW) }, tokens, identity })
})

type More = { claims?: Record<string, unknown>; header?: object; alg?: string }

function token({ claims = {}, header = {}, alg = 'RS256' }: More = {}): Promise<string> {
  const pair = pairs.find((one) => one.alg === alg) as Pair
  const all = {
    iss: 'https://a.example',
    sub: 'ada',
    aud: 'o',
    exp: SECONDS + 60,
    app: { tenant: 'acme' },
    ...claims,
  }
  const said = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  return new SignJWT(said).setProtectedHeader({ alg, kid: alg, ...header }).sign(pair.privateKey)
}
const open = async (more: More = {}) => ask(`Bearer ${await token(more)}`)
const reason = (text: string) => ({ refused: expect.stringContaining(text) })

describe('a token', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('counts by %s', async (alg) => {
    expect(await open({ alg, claims: { scp: 'tasks:read  nothing admin' } })).toEqual({
      kind: 'oidc',
      tenant: 'acme',
      subject: 'ada',
      scopes: ['tasks:read', 'admin'],
      issuer: 'https://a.example',
      expires: SECONDS + 60,
    })
  })

  it.each(['RS512', 'ES384', 'PS384'])(
    'does not count by %s, although its issuer has such a key (token/T1)',
    async (alg) => {
      expect(await open({ alg })).toEqual(reason('it is no token of an issuer that this installation knows'))
    },
  )

  it('does not count unsigned, nor by the key of another issuer (token/T1)', async () => {
    const claims = {
      iss: 'https://a.example',
      sub: 'ada',
      aud: 'o',
      exp: SECONDS + 60,
      app: { tenant: 'acme' },
    }
    expect(await ask(`Bearer ${new UnsecuredJWT(claims).encode()}`)).toEqual(
      reason('it is no token of an issuer'),
    )
    expect(await open({ claims: { iss: 'https://b.example' } })).toEqual(
      reason('signed by a key that its issuer'),
    )
    expect(await open({ alg: 'ES256', claims: { iss: 'https://b.example' } })).toMatchObject({
      tenant: 'fixed',
    })
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['has ended', { exp: SECONDS - 6 }, 'the token has expired'],
    ['has no end', { exp: undefined }, 'the claim "exp"'],
    ['has a text for its end', { exp: 'tomorrow' }, 'the claim "exp"'],
    ['has an end beyond all numbers', { exp: 1e300 }, 'no end'],
    ['has not begun', { nbf: SECONDS + 6 }, 'the claim "nbf"'],
    ['has no subject', { sub: undefined }, 'the claim "sub"'],
    ['has an empty subject', { sub: '' }, 'no subject'],
    ['has a very long subject', { sub: 'a'.repeat(256) }, 'more than 255'],
    ['has a subject that ends its member of the access log', { sub: 'a","tenant":"b' }, 'quotation mark'],
    ['has a subject with a line break', { sub: 'a\nb' }, 'control character'],
    ['is for another', { aud: 'q' }, 'the claim "aud"'],
    ['is for nobody', { aud: undefined }, 'the claim "aud"'],
    ['is an ID token', { at_hash: 'x' }, 'ID, refresh or logout token'],
    ['is an ID token that came with a code', { c_hash: 'x' }, 'ID, refresh or logout token'],
    ['is an ID token that says its scopes', { at_hash: 'x', scope: 'admin' }, 'ID, refresh or logout token'],
    ['is an ID token of Cognito', { token_use: 'id' }, 'ID, refresh or logout token'],
    ['is used for something else', { token_use: ['access'] }, 'ID, refresh or logout token'],
    ['is an ID token of Keycloak', { typ: 'ID', scope: 'openid' }, 'ID, refresh or logout token'],
    ['is a refresh token of Keycloak', { typ: 'Refresh' }, 'ID, refresh or logout token'],
    ['is an offline token of Keycloak', { typ: 'Offline' }, 'ID, refresh or logout token'],
    ['is a logout token', { events: {} }, 'ID, refresh or logout token'],
    ['has a nonce, and no mark of an access token', { nonce: 'n' }, 'tells it from an ID token'],
    [
      'is for the client of signing in, and has no mark',
      { iss: 'https://c.example', aud: 'cli' },
      'tells it from',
    ],
    [
      'is for that client and another, and has no mark',
      { iss: 'https://c.example', aud: ['o', 'cli'], azp: 'cli' },
      'tells it from',
    ],
    ['is of another issuer', { iss: 'https://a.example/' }, 'no token of an issuer'],
    ['names the tenant of the account itself', { app: { tenant: 'default' } }, 'names the tenant "default"'],
    ['names no tenant', { app: {} }, 'the claim "app.tenant" of the token names no tenant'],
    ['names a tenant by an object', { app: { tenant: { x: 1 } } }, 'names no tenant'],
    [
      'names a tenant that every object has',
      { app: undefined, 'app.tenant': 'constructor()' },
      'names no tenant',
    ],
  ])('does not count where it %s (token/T2, token/T3, door/D1)', async (_what, claims, text) => {
    expect(await open({ claims })).toEqual(reason(text))
  })

  it.each<[string, Record<string, unknown>, object]>([
    ['RFC 9068', {}, { typ: 'at+jwt' }],
    ['Auth0', { scope: 'openid', azp: 'cli' }, { typ: 'JWT' }],
    ['Okta', { scp: ['a'], cid: 'cli' }, {}],
    ['Cognito', { token_use: 'access', client_id: 'cli' }, {}],
    ['Keycloak, before 25', { typ: 'Bearer', nonce: 'n', azp: 'cli' }, { typ: 'JWT' }],
    ['Keycloak with DPoP', { typ: 'DPoP' }, { typ: 'JWT' }],
    ['Entra', { scp: 'user_impersonation', azp: 'cli' }, { typ: 'JWT', nonce: 'n' }],
  ])(
    'counts for the client of signing in too, with the marks of %s (token/T4)',
    async (_who, claims, header) => {
      const said = { iss: 'https://c.example', aud: 'cli', nonce: 'n', ...claims }
      expect(await open({ claims: said, header })).toMatchObject({ subject: 'ada', tenant: 'fixed' })
    },
  )

  it('counts with 1,000 claims, and is refused where it is longer than a header may be', async () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${at}`, 1]))
    expect(await open({ claims: many(500) })).toMatchObject({ subject: 'ada', tenant: 'acme' })
    expect(await open({ claims: many(1_000) })).toEqual(reason('of at most 8192 characters'))
  })

  it.each<[string, object]>([
    ['jku', { jku: 'https://evil.example/keys' }],
    ['x5u', { x5u: 'https://evil.example/cert' }],
    ['jwk', { jwk: { kty: 'RSA', n: 'x', e: 'AQAB' } }],
    ['x5c', { x5c: ['MIIB'] }],
  ])(
    'is verified by the key that its issuer publishes, whatever %s says (token/T1)',
    async (_what, header) => {
      expect(await open({ header })).toMatchObject({ subject: 'ada' })
      expect(await open({ header: { ...header, kid: 'none' } })).toEqual(reason('its issuer does not have'))
    },
  )

  it.each([
    "' or 1=1 --",
    '../../../dev/null',
    '__proto__',
    'constructor',
    '',
    'RS256\0',
    'rs256',
    'a'.repeat(5_000),
    5,
    null,
    {},
    ['RS256'],
    true,
  ])('whose key id is %j is refused, and asks nobody else (token/T1)', async (kid) => {
    expect(await open({ header: { kid } })).toEqual({ refused: expect.any(String) })
  })

  it.each<[string, object]>([
    ['a header that must be understood', { crit: ['x'], x: 1 }],
    ['a payload that is no base64url', { crit: ['b64'], b64: false }],
  ])('with %s is refused', async (_what, more) => {
    const [, body, signature] = (await token()).split('.')
    const head = Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'RS256', ...more })).toString('base64url')
    expect(await ask(`Bearer ${head}.${body}.${signature}`)).toEqual({ refused: expect.any(String) })
  })

  it('counts within 5 seconds of its times (token/T2)', async () => {
    expect(await open({ claims: { exp: SECONDS - 4, nbf: SECONDS + 4 } })).toMatchObject({ subject: 'ada' })
  })

  it.each([[{ typ: 'at+jwt' }], [{ typ: 'application/at+jwt' }], [{ typ: 'JWT' }], [{}]])(
    'counts with the header %j',
    async (header) => {
      expect(await open({ header })).toMatchObject({ subject: 'ada' })
    },
  )

  it('of another type does not count (token/T3)', async () => {
    for (const typ of ['dpop+jwt', 'logout+jwt', 'secevent+jwt', 'id+jwt'])
      expect(await open({ header: { typ } })).toEqual(reason('its type (typ) is another'))
  })

  it('has scopes by a list too, and none by anything else; a claim with dots in its name is found first', async () => {
    expect(await open({ claims: { scp: ['tasks:read', 5] } })).toMatchObject({ scopes: ['tasks:read'] })
    for (const scp of [5, { admin: true }, null, undefined])
      expect(await open({ claims: { scp } })).toMatchObject({ scopes: [] })
    expect(await open({ claims: { 'app.tenant': 'flat' } })).toMatchObject({ tenant: 'flat' })
  })
})

describe('a token with anything in it', () => {
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
    fc.constantFrom('ada', 'o', 'cli', 'acme', 'https://a.example', 'admin', SECONDS + 60, 1e21, -1, ''),
  )
  const NAMES = ['sub', 'aud', 'exp', 'nbf', 'iat', 'iss', 'scp', 'nonce', 'typ', 'token_use', 'app', 'cnf']
  const named = fc.tuple(fc.constantFrom(...NAMES), fc.oneof(value, fc.record({ tenant: value })))
  const claims = fc.array(named, { maxLength: 3 }).map((all) => Object.fromEntries(all))
  const header = fc.oneof(
    fc.constant({}),
    fc.record({ typ: value, kid: value, jku: value, x5t: value }, { requiredKeys: [] }),
  )

  it('is refused, or admitted as the function behind the gateway reads it, and never an error', async () => {
    let admitted = 0
    await fc.assert(
      fc.asyncProperty(claims, header, async (said, head) => {
        const { kid = 'ES256', ...rest }: Record<string, unknown> = head
        const text = await token({ alg: 'ES256', claims: said, header: { ...rest, kid } }).catch(
          () => undefined,
        )
        // What cannot be signed, or is too long, is no token.
        if (text === undefined) return
        const found = await ask(`Bearer ${text}`)
        expect(readContext(contextOf(found))).toEqual(found)
        if ('refused' in found) return
        admitted++
        expect(found).toMatchObject({ tenant: expect.stringMatching(/^[a-z]/), expires: expect.any(Number) })
      }),
      { numRuns: 500 },
    )
    expect(admitted).toBeGreaterThan(10)
  })
})

describe('a header', () => {
  it.each([
    '',
    'Bearer',
    'Bearer ',
    'Basic abc',
    'Bearer a b',
    'Bearer abc,Bearer def',
    `Bearer ${'a'.repeat(8_200)}`,
    'AWS4-HMAC-SHA256 x',
  ])('"%.20s" opens nothing (door/D1)', async (header) => {
    expect(await ask(header)).toEqual(reason('Authorization: Bearer'))
  })

  it('with a key opens nothing where the stage takes none (door/D1)', async () => {
    expect(await ask(`Bearer orc_${'0'.repeat(26)}_${'a'.repeat(43)}`)).toEqual(reason('takes no keys'))
  })
})

describe('what the authorizer says', () => {
  it('is read as it was said, and holds for every route (door/D2)', async () => {
    for (const scopes of [[], ['tasks:read'], SCOPES] as const) {
      const found = {
        kind: 'oidc',
        tenant: 'acme',
        subject: 'ada b',
        scopes,
        issuer: 'https://a.example',
        expires: 5,
      } as const
      const context = contextOf(found)
      expect(Object.values(context).every((value) => typeof value === 'string')).toBe(true)
      expect(readContext(context)).toEqual(found)
    }
    expect(readContext(contextOf({ refused: 'why' }))).toEqual({ refused: 'why' })
    for (const other of [undefined, null, {}, { kind: 'iam' }, { kind: 'oidc', tenant: '' }, 'text'])
      expect(readContext(other)).toBeUndefined()
  })
})
