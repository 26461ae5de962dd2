import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import * as z3 from 'zod/v3'
import { jsonSchemaOf } from '../../../../shared/agent/given-schema.ts'
import type { Json } from '../../../../shared/domain/json.ts'
import { checkOf } from '../../../../shared/host/model/check-json.ts'

it('a value that is nested too deeply is the fault of the answer, and not of a schema that refers to itself', () => {
  const schema = { $defs: { a: { type: 'array', items: { $ref: '#/$defs/a' } } }, $ref: '#/$defs/a' }
  for (const levels of [501, 5_000, 200_000]) {
    const deep = JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as Json
    expect(checkOf(schema, 'the answer "a"')(deep)).toMatchObject({
      issues: [{ path: '', message: 'it is nested deeper than 500 levels' }],
    })
  }
  expect(checkOf(schema, 'the answer "a"')([[[]]])).toEqual({ value: [[[]]] })
})

describe('a schema of zod in place of a JSON Schema', () => {
  const RANGE = z
    .object({ from: z.number(), to: z.number().default(9) })
    .refine(({ from, to }) => from <= to, { path: ['to'], message: 'it ends before it begins' })

  it('is the same JSON Schema each time, and checks what that cannot say', () => {
    const json = jsonSchemaOf(RANGE, 'tool "a"')
    expect(json).toBe(jsonSchemaOf(RANGE, 'tool "a"'))
    expect(json).toMatchObject({ type: 'object', required: ['from'] })
    expect(checkOf(json, 'tool "a"')({ from: 1 })).toEqual({ value: { from: 1, to: 9 } })
    expect(checkOf(json, 'tool "a"')({ from: 10 })).toMatchObject({
      issues: [{ path: 'to', message: expect.stringContaining('it ends before it begins') }],
    })
  })

  it('may coerce, where that makes JSON', () => {
    const coerced = jsonSchemaOf(z.object({ n: z.coerce.number() }), 'tool "a"')
    expect(checkOf(coerced, 'tool "a"')({ n: '7' })).toEqual({ value: { n: 7 } })
    const dated = jsonSchemaOf(z.object({ at: z.string().transform((text) => new Date(text)) }), 'tool "a"')
    expect(() => checkOf(dated, 'tool "a"')({ at: '2026-01-01' })).toThrow(
      /schema of tool "a" makes of a value what is no JSON: it.at is a Date/,
    )
    const slow = jsonSchemaOf(
      z.object({}).refine(async () => true),
      'tool "a"',
    )
    expect(() => checkOf(slow, 'tool "a"')({})).toThrow(/tool "a" has an asynchronous refinement/)
  })

  it.each([
    [z3.object({}), 'a schema of zod 3 (or of zod/v3)'],
    // As valibot and arktype make theirs.
    [
      { kind: 'schema', type: 'object', entries: {}, '~standard': { validate() {} } },
      'a schema of another library',
    ],
    [Object.assign(() => {}, { '~standard': {} }), 'a schema of another library'],
    [new Map(), '{}'],
    [undefined, 'nothing'],
    ['string', '"string"'],
  ])('what is neither is refused, with what would be right', (given, kind) => {
    expect(() => jsonSchemaOf(given, 'the answer "a"')).toThrow(
      `the schema of the answer "a" is ${kind}; it must be a schema of zod 4, or a JSON Schema`,
    )
  })

  it.each([true, {}, { type: 'object' }, z.toJSONSchema(z.object({ a: z.string() }))])(
    'a JSON Schema is taken as it is',
    (given) => expect(jsonSchemaOf(given, 'the answer "a"')).toBe(given),
  )
})
