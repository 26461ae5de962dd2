import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { jsonSchemaOf } from '../../../../shared/agent/given-schema.ts'
import { checkOf } from '../../../../shared/host/model/check-json.ts'
import { schemaOfTool } from '../../../../shared/host/model/model-request.ts'

/** What becomes of `a`, and what a model is told that it is. */
const TOLD: [string, z.ZodType, object, unknown, unknown][] = [
  ['a number of a text', z.coerce.number(), { type: 'number' }, '7', 7],
  ['true or false of anything', z.coerce.boolean(), { type: 'boolean' }, 1, true],
  [
    'a date that is a text again',
    z.coerce.date().transform((at) => at.toISOString()),
    { type: 'string', format: 'date-time' },
    '2026-01-01',
    '2026-01-01T00:00:00.000Z',
  ],
  ['a large number', z.coerce.bigint().transform(String), { type: 'integer' }, 7, '7'],
  [
    'an object of a text',
    z.preprocess(read, z.object({ n: z.number() })),
    { type: 'object' },
    '{"n":1}',
    { n: 1 },
  ],
  ['a text or a date', z.union([z.string(), z.date()]), {}, 'x', 'x'],
  ['a text in any case', z.string().catch('none'), { type: 'string' }, 7, 'none'],
  [
    'a date of a transform',
    z.preprocess((at) => new Date(String(at)), z.date().transform(String)),
    {},
    0,
    String(new Date('0')),
  ],
]
function read(text: unknown): unknown {
  return JSON.parse(String(text))
}

describe('what a model is told of a schema of zod', () => {
  it.each(TOLD)('of %s', (_what, a, told, given, made) => {
    const json = jsonSchemaOf(z.object({ a }), 'tool "t"')
    expect(json).toMatchObject({ properties: { a: told } })
    expect(checkOf(json, 'tool "t"')({ a: given as string })).toEqual({ value: { a: made } })
  })

  it('has what must be given, also where it is coerced', () => {
    const schema = z.object({ n: z.coerce.number(), o: z.string().optional() })
    expect(jsonSchemaOf(schema, 'tool "t"')).toMatchObject({ required: ['n'] })
  })

  it('takes what is made of a JSON value, however deep', () => {
    const at = z.preprocess(() => ({ b: new Date(0) }), z.object({ b: z.date() }).transform(String))
    expect(() => jsonSchemaOf(z.object({ at }), 'tool "t"')).not.toThrow()
  })

  it.each([
    ['date', z.object({ a: z.date() }), 'a (date)'],
    ['an optional one', z.object({ a: z.date().optional() }), 'a (date)'],
    ['a coerced one, which stays a Date', z.object({ a: z.coerce.date() }), 'a (date)'],
    [
      'one within lists',
      z.object({ a: z.array(z.object({ b: z.map(z.string(), z.date()) })) }),
      'a[].b (map)',
    ],
    ['bigint', z.object({ a: z.object({ b: z.bigint() }) }), 'a.b (bigint)'],
    ['a set', z.object({ a: z.set(z.string()) }), 'a (set)'],
    [
      'one that a transform makes',
      z.object({
        a: z
          .string()
          .transform((s) => new Date(s))
          .pipe(z.date()),
      }),
      'a (date)',
    ],
    ['one of a branch', z.object({ a: z.union([z.object({ d: z.date() }), z.string()]) }), 'a.d (date)'],
    ['the whole', z.date(), 'the whole (date)'],
  ])('refuses what no JSON can be, with its place: %s', (_what, schema, place) => {
    for (const what of ['tool "t"', 'the answer "t"'])
      expect(() => jsonSchemaOf(schema, what)).toThrow(`the schema of ${what} has what is no JSON: ${place}`)
  })

  it.each([
    [z.string(), 'string'],
    [z.array(z.string()), 'array'],
    [{ type: 'number' }, 'number'],
    [{ type: ['string', 'null'] }, 'string or null'],
  ])('a tool takes an object, and its error says so', (schema, type) => {
    expect(() => schemaOfTool({ name: 't', schema })).toThrow(
      `the schema of tool "t" is of the type ${type}; it must take an object, such as z.object({...})`,
    )
  })

  it.each([z.object({}), z.union([z.object({}), z.string()]), {}, true, { type: ['object', 'null'] }])(
    'a tool may take an object',
    (schema) => expect(() => schemaOfTool({ name: 't', schema })).not.toThrow(),
  )
})
