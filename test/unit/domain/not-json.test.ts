import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeNotJson, MOST_JSON_LEVELS, notJsonIn } from '../../../shared/domain/not-json.ts'

class Money {
  amount = 1
}
const circular: Record<string, unknown> = {}
circular.self = [circular]
const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))

describe('a value that JSON cannot represent is reported with its place (json/J2)', () => {
  it.each<[string, unknown, string]>([
    ['NaN', { rows: [{ n: 1 }, { n: Number.NaN }] }, 'it.rows[1].n is NaN; write null'],
    ['Infinity', [Number.NEGATIVE_INFINITY], 'it[0] is -Infinity; write null'],
    ['undefined as a whole', undefined, 'it is undefined; write null'],
    ['undefined in a list', { list: [1, undefined] }, 'it.list[1] is undefined; write null'],
    ['a hole in a list', { list: new Array(1) }, 'it.list[0] is undefined; write null'],
    ['a function', { f: () => 1 }, 'it.f is a function'],
    ['a symbol', { s: Symbol('x') }, 'it.s is a symbol'],
    ['a BigInt', { n: 12345678901234567890n }, 'it.n is a BigInt; write it as text or as a number'],
    ['a Date', { d: new Date(0) }, 'it.d is a Date; write toISOString()'],
    ['a Map', { m: new Map([['a', 1]]) }, 'it.m is a Map; write Object.fromEntries(map)'],
    ['a Set', { s: new Set([1]) }, 'it.s is a Set; write [...set]'],
    ['an Error', { e: new TypeError('no') }, 'it.e is an Error; write its message'],
    ['bytes', Buffer.from('x'), 'it is an instance of Buffer; write a plain object'],
    ['an instance', { m: new Money() }, 'it.m is an instance of Money; write a plain object'],
    ['a boxed number', { n: Object(1) }, 'it.n is an instance of Number; write a plain object'],
    ['a circle', circular, 'it.self[0] is circular: it holds itself'],
    ['depth', nested(MOST_JSON_LEVELS + 1), 'nested deeper than 500 levels'],
    [
      '__proto__',
      JSON.parse('{"a":{"__proto__":{"admin":true}}}'),
      'it.a.__proto__ is a name that no member may have',
    ],
  ])('%s', (_what, value, told) => {
    const found = notJsonIn(value)
    expect(found && describeNotJson(found, 'it')).toContain(told)
  })
})

it('accepts values that survive a round trip through JSON (json/J1)', () => {
  const shared = { twice: 1 }
  for (const value of [
    null,
    0,
    -1.5,
    '',
    '\ud83d',
    [],
    {},
    { a: undefined },
    [shared, shared],
    nested(MOST_JSON_LEVELS),
  ])
    expect(notJsonIn(value)).toBeUndefined()
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
      (value) => {
        if (notJsonIn(value) !== undefined) return
        expect(JSON.parse(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(structuredClone(value))))
        const back: unknown = JSON.parse(JSON.stringify(value))
        // Serialized again the text is equal: only the sign of zero was lost.
        expect(JSON.stringify(back)).toBe(JSON.stringify(value))
        expect(notJsonIn(back)).toBeUndefined()
      },
    ),
  )
})
