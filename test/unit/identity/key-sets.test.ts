import { generateKeyPairSync, sign as signBytes } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { keySets } from '../../../functions/adapters/oidc/key-sets.ts'
import { oidcTokens } from '../../../functions/adapters/oidc/tokens.ts'
import { IssuerSchema, type IssuerSettings } from '../../../shared/domain/identity-settings.ts'

const ISSUER = 'https://login.example.com/acme'
const JWKS = 'https://keys.example.net/jwks'
const settings = (more: object = {}): IssuerSettings =>
  IssuerSchema.parse({ issuer: ISSUER, audiences: ['o'], tenant: 'acme', scopes: ['tasks:read'], ...more })

let pairs: { kid: string; privateKey: CryptoKey; jwk: object }[]
beforeAll(async () => {
  pairs = await Promise.all(
    ['one', 'two'].map(async (kid) => {
      const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
      return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } }
    }),
  )
})

type Answers = Record<string, () => Response>

/** A world with these answers, the keys of the first pair among them, and a clock that is moved by hand. */
function start(more: Answers = {}, issuer = settings()) {
  const time = { now: Date.UTC(2026, 0, 1) }
  const asked: string[] = []
  const answers: Answers = {
    [`${ISSUER}/.well-known/openid-configuration`]: () => Response.json({ issuer: ISSUER, jwks_uri: JWKS }),
    [JWKS]: () => Response.json({ keys: [pairs[0]?.jwk] }),
    ...more,
  }
  const now = () => time.now
  const keys = keySets({
    now,
    fetch: async (input, init) => {
      expect(init?.redirect).toBe('manual')
      expect(init?.signal).toBeInstanceOf(AbortSignal)
      asked.push(String(input))
      return (answers[String(input)] ?? (() => new Response('', { status: 404 })))()
    },
  })
  const tokens = oidcTokens({ issuers: [issuer], keys, now })
  const sign = async (at: number, kid?: string) => {
    const pair = pairs[at] as (typeof pairs)[number]
    const seconds = Math.floor(time.now / 1_000)
    return new SignJWT({ sub: 'ada', aud: 'o', iss: ISSUER, exp: seconds + 100_000 })
      .setProtectedHeader({ alg: 'ES256', kid: kid ?? pair.kid })
      .sign(pair.privateKey)
  }
  const verify = async (at = 0, kid?: string) => tokens.verifyToken(await sign(at, kid))
  return { time, asked, answers, verify, keys, verifyText: tokens.verifyToken }
}

describe('the keys of an issuer', () => {
  it('are found by its discovery document, and kept for ten minutes', async () => {
    const { verify, asked, time } = start()
    for (const minutes of [0, 5, 9]) {
      time.now = Date.UTC(2026, 0, 1, 0, minutes)
      expect(await verify()).toMatchObject({ subject: 'ada' })
    }
    expect(asked).toEqual([`${ISSUER}/.well-known/openid-configuration`, JWKS])
    time.now = Date.UTC(2026, 0, 1, 0, 10)
    await verify()
    expect(asked).toHaveLength(4)
  })

  it('are asked for where the stage says, without a discovery', async () => {
    const { verify, asked } = start({}, settings({ jwksUri: JWKS }))
    expect(await verify()).toMatchObject({ subject: 'ada' })
    expect(asked).toEqual([JWKS])
  })

  it('are asked for anew by a new key id, once a minute whatever is named (jwks/J3)', async () => {
    const { verify, asked, answers, time } = start()
    await verify()
    answers[JWKS] = () => Response.json({ keys: pairs.map(({ jwk }) => jwk) })
    for (let times = 0; times < 5; times++)
      expect(await verify(1)).toEqual({
        refused: 'the token is signed by a key that its issuer does not have',
      })
    expect(asked).toHaveLength(2)
    time.now += 60_000
    expect(await verify(1)).toMatchObject({ subject: 'ada' })
    await Promise.all(Array.from({ length: 20 }, (_, at) => verify(1, `made-up-${at}`)))
    expect(asked).toHaveLength(4)
  })

  it('are asked for once by many tokens at a time', async () => {
    const { verify, asked } = start()
    await Promise.all(Array.from({ length: 20 }, () => verify()))
    expect(asked).toHaveLength(2)
  })

  it('stay in use for an hour while their issuer does not answer, which is asked once a minute (jwks/J3, jwks/J4)', async () => {
    const { verify, asked, answers, time } = start()
    await verify()
    answers[JWKS] = () => new Response('', { status: 503 })
    for (let minutes = 10; minutes < 60; minutes++) {
      time.now = Date.UTC(2026, 0, 1, 0, minutes)
      for (let times = 0; times < 3; times++) expect(await verify()).toMatchObject({ subject: 'ada' })
    }
    expect(asked).toHaveLength(2 + 50 * 2)
    time.now = Date.UTC(2026, 0, 1, 1)
    await expect(verify()).rejects.toMatchObject({
      name: 'UnavailableError',
      message: expect.stringContaining('answers 503'),
    })
  })

  it.each<[string, Answers]>([
    [
      'a redirect',
      { [JWKS]: () => new Response('', { status: 302, headers: { location: 'https://other.example' } }) },
    ],
    ['too much', { [JWKS]: () => new Response('x'.repeat(300_000)) }],
    ['no JSON', { [JWKS]: () => new Response('<html>') }],
    ['no keys', { [JWKS]: () => Response.json({}) }],
    ...[
      'http://169.254.169.254/keys',
      'http://localhost/keys',
      'file:///etc/passwd',
      'https://u:p@keys.example',
      '',
    ].map((jwks_uri): [string, Answers] => [
      `keys at "${jwks_uri}"`,
      { [`${ISSUER}/.well-known/openid-configuration`]: () => Response.json({ issuer: ISSUER, jwks_uri }) },
    ]),
    [
      'the document of another',
      {
        [`${ISSUER}/.well-known/openid-configuration`]: () =>
          Response.json({ issuer: 'https://x.example', jwks_uri: JWKS }),
      },
    ],
  ])('are none where its answer is %s (jwks/J1, jwks/J2)', async (_what, answers) => {
    const { verify, asked } = start(answers)
    await expect(verify()).rejects.toMatchObject({ name: 'UnavailableError' })
    for (const url of asked) expect([`${ISSUER}/.well-known/openid-configuration`, JWKS]).toContain(url)
  })
})

describe('a set of keys', () => {
  const jwkOf = (at: number) => (pairs[at] as (typeof pairs)[number]).jwk as Record<string, unknown>
  const withKeys = (...keys: object[]) => start({ [JWKS]: () => Response.json({ keys }) })
  const without = (at: number, name: string) => ({ ...jwkOf(at), [name]: undefined })
  const NOT = { refused: 'the signature of the token is not right' }

  it('with two keys of one id, or of none, is tried key by key (token/T5)', async () => {
    for (const at of [0, 1]) {
      const same = withKeys(jwkOf(0), { ...jwkOf(1), kid: 'one' })
      expect(await same.verify(at, 'one')).toMatchObject({ subject: 'ada' })
    }
    const none = withKeys(without(0, 'kid'), without(1, 'kid'))
    // A token that names a key is for a key with that name.
    expect(await none.verify(0)).toMatchObject({ refused: expect.stringContaining('does not have') })
    const others = withKeys({ ...jwkOf(1), kid: 'one' }, { ...jwkOf(1), kid: 'one' })
    expect(await others.verify(0, 'one')).toEqual(NOT)
  })

  it('is tried for ten keys at most (token/T5)', async () => {
    const many = (count: number) => Array.from({ length: count }, () => ({ ...jwkOf(1), kid: 'one' }))
    expect(await withKeys(...many(9), jwkOf(0)).verify()).toMatchObject({ subject: 'ada' })
    expect(await withKeys(...many(10), jwkOf(0)).verify()).toEqual(NOT)
  })

  it.each<[string, (jwk: Record<string, unknown>) => object]>([
    ['that is cut', ({ x, ...jwk }) => ({ ...jwk, x: String(x).slice(4) })],
    ['without a coordinate', ({ y: _, ...jwk }) => jwk],
    ['whose coordinate is a number', (jwk) => ({ ...jwk, x: 5 })],
    ['not on its curve', (jwk) => ({ ...jwk, y: jwk.x })],
    ['that is private', (jwk) => ({ ...jwk, d: jwk.x })],
    ['to encrypt with', (jwk) => ({ ...jwk, use: 'enc' })],
    ['for another algorithm', (jwk) => ({ ...jwk, alg: 'ES384' })],
  ])('with a key %s refuses what is signed by it, and no other token (token/T5)', async (_what, spoil) => {
    const { verify } = withKeys(spoil(jwkOf(0)), jwkOf(1))
    expect(await verify(0)).toEqual({ refused: expect.any(String) })
    expect(await verify(1)).toMatchObject({ subject: 'ada' })
    // Beside a right key of the same id it does no harm.
    expect(await withKeys(spoil(jwkOf(0)), jwkOf(0)).verify(0)).toMatchObject({ subject: 'ada' })
  })

  it('with a weak RSA key refuses what is signed by it (token/T5)', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 })
    const kid = 'weak'
    const { time, verify, verifyText } = withKeys(jwkOf(0), { ...publicKey.export({ format: 'jwk' }), kid })
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { sub: 'ada', aud: 'o', iss: ISSUER, exp: time.now / 1_000 + 60 }
    const text = `${encode({ alg: 'RS256', kid })}.${encode(claims)}`
    const signature = signBytes('sha256', Buffer.from(text), privateKey).toString('base64url')
    expect(await verifyText(`${text}.${signature}`)).toEqual({
      refused: expect.stringContaining('2048 bits'),
    })
    expect(await verify(0)).toMatchObject({ subject: 'ada' })
  })
})
