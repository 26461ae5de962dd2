import { expect, it } from 'vitest'
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
