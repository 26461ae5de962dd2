import fc from 'fast-check'
import type { Json } from '../../../shared/domain/json.ts'

/** Members that every object inherits. */
export const INHERITED = Object.getOwnPropertyNames(Object.prototype)

/** Names that an object literal, a marshaller or a path parser may misinterpret. */
export const hostileName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...INHERITED,
    '',
    '$file',
    'length',
    'then',
    'prototype',
    'pk',
    'json',
    '0',
    '-0',
    'a.b',
    'x[0]',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constant('n'.repeat(5_000)),
)

const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    '',
    null,
    true,
    0,
    1e300,
    1e-300,
    2 ** 53 + 2,
    Number('12345678901234567890'),
    '\ud83d',
    '\u0000',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
  fc.string({ unit: 'binary' }),
)

/** JSON with hostile names, also deeply nested, and numbers that DynamoDB cannot store. */
export const hostileJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(hostileName, tie('value')), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries) as Json),
    tie('value').map((inner) => Array.from({ length: 60 }).reduce<Json>((around) => [around], inner)),
  ),
})).value
