import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'

const inputOf = (input: z.ZodType): unknown =>
  defineAgent({
    id: 'a',
    version: '1.0.0',
    description: 'a',
    capabilities: { 'a.b': { description: 'b', input, output: z.unknown() } },
    execute: async () => null,
  }).manifest.capabilities[0]?.inputSchema

describe('the input schema that an agent publishes', () => {
  it.each<[string, z.ZodType, object]>([
    ['coerces', z.coerce.number().int().min(3).describe('d'), { description: 'd' }],
    ['coerces, if at all', z.coerce.number().optional(), {}],
    ['coerces, with a default', z.coerce.boolean().default(true), { default: true }],
    ['is read by a function first', z.preprocess(String, z.string().max(3)), {}],
    ['is replaced where it does not fit', z.number().catch(3), { default: 3 }],
  ])('accepts any value for a field that %s', (_what, field, said) => {
    expect(inputOf(z.object({ field }))).toMatchObject({ properties: { field: said } })
    expect(inputOf(z.object({ field }))).not.toHaveProperty('properties.field.type')
    expect((inputOf(z.object({ field })) as { required?: string[] }).required ?? []).toEqual([])
  })

  it('has the types that the parser requires otherwise', () => {
    const fields = { text: z.string().transform(Number), list: z.array(z.coerce.number()) }
    expect(inputOf(z.object(fields))).toMatchObject({
      properties: { text: { type: 'string' }, list: { type: 'array', items: {} } },
      required: ['text', 'list'],
    })
  })
})
