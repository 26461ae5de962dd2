import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundedText } from '../../shared/domain/bounded.ts'
import { unmaskedMembers } from '../../shared/domain/secret-forms.ts'
import { LEAST_SECRET, secretMask } from '../../shared/domain/secret-mask.ts'
import { withoutSecrets } from '../../shared/domain/without-secrets.ts'

/** Each makes a text of a value, as programs do. */
const FORMS: Readonly<Record<string, (value: string) => string>> = {
  'as it is': (value) => value,
  JSON: (value) => JSON.stringify({ token: value }),
  'JSON in JSON': (value) => JSON.stringify({ body: JSON.stringify({ token: value }) }),
  'JSON in JSON in JSON': (value) => JSON.stringify([JSON.stringify([JSON.stringify([value])])]),
  'a component of a URL': (value) => `https://api.example.com/?key=${encodeURIComponent(value)}&page=2`,
  'a URL': (value) => `https://api.example.com/${encodeURI(value)}/x`,
  'a URL in lower case': (value) =>
    encodeURIComponent(value).replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase()),
  'a component encoded twice': (value) => encodeURIComponent(encodeURIComponent(value)),
  'a form': (value) => String(new URLSearchParams({ grant: 'x', key: value })),
  'the password of a URL': (value) => {
    const url = new URL('https://user@db.example.com/x')
    url.password = value
    return url.href
  },
  base64: (value) => Buffer.from(value).toString('base64'),
  'base64 after one byte': (value) => Buffer.from(`:${value}`).toString('base64'),
  'a header of basic authorization': (value) => `Basic ${Buffer.from(`me:${value}!`).toString('base64')}`,
  base64url: (value) => Buffer.from(`x${value}yz`).toString('base64url'),
  'base64 in JSON in JSON': (value) => JSON.stringify(JSON.stringify(Buffer.from(value).toString('base64'))),
  'base64 in a URL': (value) => encodeURIComponent(Buffer.from(value).toString('base64')),
  hexadecimal: (value) => Buffer.from(value).toString('hex'),
  'hexadecimal in capitals': (value) => Buffer.from(value).toString('hex').toUpperCase(),
  'a value shown by Node.js': (value) => inspect({ token: value }, { breakLength: Infinity }),
  HTML: (value) =>
    value
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
  'a bounded text': (value) => boundedText(`it is ${value}.`),
}

/** Keys as services make them, and passwords as people do. */
const secret = fc
  .oneof(
    fc.stringMatching(/^(sk|pk|ghp)[-_][A-Za-z0-9_-]{12,60}$/),
    fc.base64String({ minLength: 16, maxLength: 80 }),
    fc.string({ minLength: LEAST_SECRET, maxLength: 60, unit: 'grapheme' }),
    fc.string({
      minLength: LEAST_SECRET,
      maxLength: 40,
      unit: fc.constantFrom(...'ab\\"\'/+%&=?# \n\t{}$<>ü€😀'),
    }),
    fc.string({ minLength: 500, maxLength: 3_000, unit: fc.constantFrom(...'abcdefABCDEF0123456789+/=') }),
  )
  // What is all backslashes or spaces is in every text.
  .filter((value) => value.trim().length >= LEAST_SECRET && new Set(value).size >= 6)
const around = fc.string({ maxLength: 40, unit: fc.constantFrom(...'ghijkl ,.:') })

describe('secret-mask/S1: a masked text has no value that was learnt', () => {
  it.each(Object.entries(FORMS))('%s', (_name, form) => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        const mask = secretMask()
        mask.learn('KEY', value)
        // Half a character has no encoding.
        const text = `${before}${form(value.toWellFormed())}${after}`
        const masked = mask.text(text)
        expect(masked).toContain('[secret KEY]')
        expect(mask.find(text)).toBe('KEY')
        expect(mask.find(masked)).toBeUndefined()
        expect(masked).not.toContain(value)
        // Credentials of well-known forms are masked after it, and leave the name.
        expect(withoutSecrets(masked)).toContain('[secret KEY]')
      }),
      { numRuns: 60 },
    )
  })

  it('several at once, each by its name; of two of which one has the other in it, the longer one', () => {
    const mask = secretMask()
    mask.learn('A', 'password-of-a')
    mask.learn('B', 'the password-of-a and more')
    expect(mask.text('x password-of-a y the password-of-a and more z')).toBe('x [secret A] y [secret B] z')
  })

  it('after the word that credentials of well-known forms are told by', () => {
    const mask = secretMask()
    mask.learn('DB', 'hunter2hunter2')
    for (const text of ['password=hunter2hunter2', '"api_key": "hunter2hunter2"', 'Bearer hunter2hunter2'])
      expect(withoutSecrets(mask.text(text))).toContain('[secret DB]')
  })

  it('the value before a rotation too', () => {
    const mask = secretMask()
    mask.learn('A', 'first-value')
    mask.learn('A', 'second-value')
    expect(mask.text('first-value second-value')).toBe('[secret A] [secret A]')
  })

  it('the lines of a key, and the password in the JSON of a database', () => {
    const mask = secretMask()
    const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC'
    mask.learn('PEM', `-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----`)
    mask.learn(
      'DB',
      JSON.stringify({ host: 'db.example.com', username: 'postgres', password: 'hunter2hunter2' }),
    )
    expect(mask.text(`  ${line}  `)).toBe('  [secret PEM]  ')
    expect(mask.text('postgres at db.example.com with hunter2hunter2')).toBe(
      'postgres at db.example.com with [secret DB]',
    )
    const hook = 'https://hooks.example.com/services/T024/B8/x9K2mQ7vL4'
    mask.learn('HOOK', JSON.stringify({ url: hook, channel: '#ops' }))
    expect(mask.text(`POST ${hook} has answered 404`)).toBe('POST [secret HOOK] has answered 404')
  })

  it('each number and text of JSON from six characters on, but words and what is no secret', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc
            .bigInt({ min: 100_000n, max: 10n ** 30n })
            .map((value) => [String(value), String(value)] as const),
          fc
            .integer({ min: 100_000 })
            .map((value) => [JSON.stringify(String(value)), String(value)] as const),
          fc.stringMatching(/^[a-z]{3,5}[0-9]{3,4}$/).map((value) => [JSON.stringify(value), value] as const),
        ),
        fc
          .stringMatching(/^[a-z_]{1,12}$/)
          .filter((name) => !/^(engine|host|port|db|user|type|id)/.test(name)),
        around,
        ([written, value], name, more) => {
          const mask = secretMask()
          mask.learn('DB', `{"inner":[{"${name}":${written}}],"port":543210,"kind":"winter","pin":12345}`)
          for (const text of [`${more}${value}${more}`, JSON.stringify({ pin: value }), `{"pin":${value}}`]) {
            expect(mask.text(text)).not.toContain(value)
            expect(mask.find(text)).toBe('DB')
          }
          const other = 'in winter 543210 and 12345 are as they were'
          if (!other.includes(value)) expect(mask.text(other)).toBe(other)
        },
      ),
    )
  })

  it('numbers in values, as any text', () => {
    const mask = secretMask()
    mask.learn('BANK', '{"account":123456789,"pin":1234}')
    expect(mask.value({ account: 123_456_789, list: [123_456_789n], pin: 1_234 })).toEqual({
      account: '[secret BANK]',
      list: ['[secret BANK]'],
      pin: 1_234,
    })
    expect(
      unmaskedMembers(
        '{"account":123456789,"pin":1234,"word":"winter","user":"ada","empty":"","on":true}',
        LEAST_SECRET,
      ),
    ).toEqual(['pin', 'word'])
    for (const other of ['plain text', '[1234]', '{"pin":', '12'])
      expect(unmaskedMembers(other, LEAST_SECRET)).toEqual([])
  })

  it.each(['uri', 'url', 'host'])('the address with a password in the member %s of JSON', (member) => {
    const mask = secretMask()
    const address = 'mongodb+srv://app:p%40ss-w0rd-17@cluster.example.com/main'
    mask.learn('DB', JSON.stringify({ [member]: address, id: 'https://db.example.com/main' }))
    expect(mask.text(`cannot reach ${address}`)).toBe('cannot reach [secret DB]')
    expect(mask.text('p@ss-w0rd-17 is refused')).toBe('[secret DB] is refused')
    expect(mask.text('https://db.example.com/main')).toBe('https://db.example.com/main')
  })
})

it('secret-mask/S2: of a value in two writes no more than half is left', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[A-Z0-9]{12,60}$/).filter((value) => new Set(value).size >= 6),
      fc.double({ min: 0, max: 1, noNaN: true }),
      around,
      (value, share, more) => {
        const mask = secretMask()
        mask.learn('KEY', value)
        const at = Math.round(share * value.length)
        const lines = [`${more}${value.slice(0, at)}`, `${value.slice(at)}${more}`].map(mask.text)
        const left = lines.join('').match(/[A-Z0-9]{2,}/g) ?? []
        const most = Math.max(...left.filter((one) => value.includes(one)).map(({ length }) => length), 0)
        expect(most).toBeLessThanOrEqual(Math.ceil(value.length / 2))
        expect(mask.text(lines.join('\n'))).toBe(lines.join('\n'))
      },
    ),
  )
})

it('secret-mask/S3: what has no value stays the same', () => {
  const mask = secretMask()
  mask.learn('KEY', 'QQQQ-WWWW-EEEE-9999')
  fc.assert(
    fc.property(fc.anything({ withDate: true, withMap: true, withSet: true }), (value) => {
      expect(mask.value(value)).toBe(value)
    }),
  )
  const error = Object.assign(new TypeError('no', { cause: new Error('why') }), { code: 'E' })
  const ofNaN = Object.assign(new Error('no', { cause: Number.NaN }), { code: Number.NaN })
  const others = [[Number.NaN], { a: Number.NaN }, new Set([Number.NaN]), new Map([[Number.NaN, Number.NaN]])]
  for (const value of [error, ofNaN, ...others]) expect(mask.value(value)).toBe(value)
})

it('secret-mask/S4: a short value is not learnt', () => {
  const mask = secretMask()
  mask.learn('KEY', 'x'.repeat(LEAST_SECRET - 1))
  expect(mask.isEmpty()).toBe(true)
  expect(mask.text('xxxxxxx')).toBe('xxxxxxx')
})

describe('secret-mask/S5: whatever is masked', () => {
  const VALUE = 'the-secret-value'
  const mask = secretMask()
  mask.learn('KEY', VALUE)
  const circle: Record<string, unknown> = { token: VALUE }
  circle.self = circle

  it.each<[string, () => unknown]>([
    ['a circle', () => circle],
    ['deep objects', () => Array.from({ length: 60 }).reduce<unknown>((inner) => ({ inner }), VALUE)],
    ['the name of a member', () => ({ [VALUE]: 1 })],
    ['a map', () => new Map([['token', VALUE]])],
    ['bytes', () => Buffer.from(`x ${VALUE}`)],
    [
      'an error with causes and members',
      () =>
        Object.assign(new Error(`with ${VALUE}`, { cause: new Error(VALUE) }), {
          request: { headers: { a: VALUE } },
        }),
    ],
    ['what says itself what it is in JSON', () => ({ toJSON: () => ({ token: VALUE }) })],
    [
      'an object of a class',
      () =>
        new (class Client {
          key = VALUE
        })(),
    ],
  ])('%s', (_name, make) => {
    expect(inspect(mask.value(make()), { depth: null })).not.toContain(VALUE)
  })

  it('a getter that throws', () => {
    const hostile = Object.defineProperty({}, 'x', {
      enumerable: true,
      get() {
        throw new Error(VALUE)
      },
    })
    expect(mask.value({ hostile })).toEqual({ hostile: '[cannot be shown]' })
  })
})

it('a long text with many secrets takes no longer than its length', () => {
  const mask = secretMask()
  for (let at = 0; at < 16; at++) mask.learn(`KEY_${at}`, `\\\\"${'\\'.repeat(20)}sk-${at}-${'a'.repeat(40)}`)
  const text = '\\'.repeat(20_000) + 'a'.repeat(500_000) + 'sk-1-'.repeat(20_000)
  const began = performance.now()
  expect(mask.text(text)).toBe(text)
  expect(performance.now() - began).toBeLessThan(2_000)
})
