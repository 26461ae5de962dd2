import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { jsonSchemaOf } from '../../../../shared/agent/given-schema.ts'
import type { Json } from '../../../../shared/domain/json.ts'
import { checkOf } from '../../../../shared/host/model/check-json.ts'

const LINE = z.object({ id: z.string(), size: z.enum(['s', 'm']).optional() })
const SCHEMA = z.object({
  lines: z.array(LINE),
  note: z.string().optional(),
  limit: z.union([z.number(), z.literal('all')]).optional(),
  known: z.string().nullable().optional(),
  numbers: z.record(z.string(), z.number()).optional(),
})
const PLAIN = structuredClone(jsonSchemaOf(SCHEMA, 'tool "t"'))
const LINES = [{ id: 'a' }]

const MEANT: [string, Json, Json][] = [
  ['null for a text', { lines: LINES, note: null }, { lines: LINES }],
  ['null for alternatives', { lines: LINES, limit: null }, { lines: LINES }],
  ['null for one of some, within a list', { lines: [{ id: 'a', size: null }] }, { lines: LINES }],
  ['a list as text', { lines: '[{"id":"a"}]' }, { lines: LINES }],
  ['an object as text', { lines: LINES, numbers: ' {"n": 1}' }, { lines: LINES, numbers: { n: 1 } }],
  [
    'the whole as text, with a text in it',
    JSON.stringify({ lines: '[{"id":"a","size":null}]' }),
    { lines: LINES },
  ],
]
const KEPT: [string, Json][] = [
  ['null where it may stand', { lines: LINES, known: null }],
  ['JSON in a text where a text may stand', { lines: LINES, note: '{"a":1}', known: '[]' }],
]
const REFUSED: [string, Json, string][] = [
  ['null for what must be there', { lines: null }, 'lines'],
  ['null in a list', { lines: [null] }, 'lines[0]'],
  ['a text that is no JSON', { lines: '[{"id":' }, 'lines'],
  ['another type in a text', { lines: '{"id":"a"}' }, 'lines'],
  ['a text of a number', { lines: LINES, limit: '3' }, 'limit'],
  ['a slip beside an error', { lines: [{ id: 1 }], note: null }, 'lines[0].id'],
  ['null alone', null, ''],
]

describe.each([
  ['zod', jsonSchemaOf(SCHEMA, 'tool "t"')],
  ['a JSON Schema', PLAIN],
])('what a model has given for a schema of %s', (_of, schema) => {
  const check = checkOf(schema, 'tool "t"')
  it.each(MEANT)('is taken as it is meant: %s', (_what, given, meant) => {
    const before = structuredClone(given)
    expect(check(given)).toEqual({ value: meant })
    expect(given).toEqual(before)
  })
  it.each(KEPT)('is kept: %s', (_what, given) => expect(check(given)).toEqual({ value: given }))
  it.each(REFUSED)('is refused, by what was given: %s', (_what, given, path) => {
    expect(check(given).issues?.map((one) => one.path)).toContain(path)
  })
  it('sets no prototype', () => {
    const given = JSON.parse('{"lines":[{"id":"a"}],"__proto__":"{\\"note\\":1}"}') as Json
    const { value, issues } = check(given) as { value?: object; issues?: object[] }
    expect(issues ?? Object.getPrototypeOf(value) === Object.prototype).toBeTruthy()
    expect(({} as { note?: number }).note).toBeUndefined()
  })
})
