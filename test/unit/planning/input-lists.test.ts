import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { withLists } from '../../../shared/app/steps/input-lists.ts'
import type { Json } from '../../../shared/domain/json.ts'

const found = '{% $found %}'
const schemaOf = (type: z.ZodType): unknown => z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' })
const rows = z.object({ rows: z.array(z.record(z.string(), z.unknown())), title: z.string().optional() })
const row = { n: 1 }
const table = z.object({
  source: z.union([
    z.strictObject({ $file: z.string() }),
    z.string(),
    z.array(z.record(z.string(), z.unknown())),
  ]),
})
type Node = { name: string; children: Node[] }
const node: z.ZodType<Node> = z.lazy(() => z.object({ name: z.string(), children: z.array(node) }))

describe('the value of an expression, where a schema requires a list', () => {
  it.each<[string, z.ZodType, unknown, Json | undefined, Json | undefined]>([
    ['one', rows, { rows: found }, { rows: row }, { rows: [row] }],
    ['several', rows, { rows: found }, { rows: [row, row] }, { rows: [row, row] }],
    ['none, where the list is required (lists/J3)', rows, { rows: found }, {}, { rows: [] }],
    ['none, where it may be left out', rows.partial(), { rows: found }, {}, {}],
    [
      'none of a list that may be null',
      z.object({ rows: z.array(z.any()).nullable() }),
      { rows: found },
      {},
      {},
    ],
    ['null stays null: something has said so', rows, { rows: found }, { rows: null }, { rows: null }],
    ['the whole input: one', z.array(z.number()), found, 1, [1]],
    ['the whole input: none', z.array(z.number()), found, undefined, []],
    ['the whole input: an object with one row', rows, found, { rows: row }, { rows: [row] }],
    ['the whole input: an object with none', rows, found, { title: 'x' }, { title: 'x', rows: [] }],
    [
      'a member of a list that is written down',
      z.array(z.array(z.number())),
      [found, [2], found],
      [1, [2], null],
      [[1], [2], []],
    ],
    ['lists in a list', z.array(z.array(z.number())), found, [1, [2, 3]], [[1], [2, 3]]],
    ['one where lists of lists are wanted', z.array(z.array(z.number())), found, 1, [[1]]],
    ['written down (lists/J1)', rows, { rows: row }, { rows: row }, { rows: row }],
    [
      'written down, beside an expression (lists/J1)',
      rows,
      { rows: row, title: found },
      { rows: row, title: 'x' },
      { rows: row, title: 'x' },
    ],
    [
      'a list or the thing itself (lists/J2)',
      z.object({ to: z.union([z.string(), z.array(z.string())]) }),
      { to: found },
      { to: 'a' },
      { to: 'a' },
    ],
    [
      'none of a list or a text',
      z.object({ to: z.union([z.string(), z.array(z.string())]) }),
      { to: found },
      {},
      {},
    ],
    [
      'a list or a text, of a number',
      z.object({ to: z.union([z.string(), z.array(z.number())]) }),
      { to: found },
      { to: 1 },
      { to: [1] },
    ],
    ['anything (lists/J2)', z.object({ rows: z.unknown() }), { rows: found }, { rows: row }, { rows: row }],
    ['a schema without types, none', z.object({ rows: z.any() }), { rows: found }, {}, {}],
    ['no list at all', z.object({ rows: z.object({}) }), { rows: found }, { rows: row }, { rows: row }],
    [
      'deeper, in what is written down around it',
      z.object({ a: z.object({ b: z.array(z.object({ c: z.array(z.number()) })) }) }),
      { a: { b: [{ c: found }] } },
      { a: { b: [{ c: 1 }] } },
      { a: { b: [{ c: [1] }] } },
    ],
    [
      'of alternatives the one that is meant',
      z.object({
        x: z.discriminatedUnion('kind', [
          z.object({ kind: z.literal('a'), l: z.array(z.number()) }),
          z.object({ kind: z.literal('b'), l: z.number() }),
        ]),
      }),
      { x: found },
      { x: { kind: 'a', l: 1 } },
      { x: { kind: 'a', l: [1] } },
    ],
    [
      'of alternatives the other one',
      z.object({
        x: z.discriminatedUnion('kind', [
          z.object({ kind: z.literal('a'), l: z.array(z.number()) }),
          z.object({ kind: z.literal('b'), l: z.number() }),
        ]),
      }),
      { x: found },
      { x: { kind: 'b', l: 1 } },
      { x: { kind: 'b', l: 1 } },
    ],
    [
      'of alternatives nobody knows which (lists/J2)',
      z.object({ x: z.union([z.object({ l: z.array(z.number()) }), z.object({ l: z.number() })]) }),
      { x: found },
      { x: { l: 1 } },
      { x: { l: 1 } },
    ],
    [
      'a row, where a reference to a file, text or rows are taken',
      table,
      { source: found },
      { source: row },
      { source: [row] },
    ],
    ['a reference there', table, { source: found }, { source: { $file: 'a' } }, { source: { $file: 'a' } }],
    ['a row that is written down there (lists/J1)', table, { source: row }, { source: row }, { source: row }],
    [
      'an object whose list is still to come (lists/J3)',
      z.union([z.object({ rows: z.array(z.any()) }), z.array(z.any())]),
      found,
      { title: 'x' },
      { title: 'x', rows: [] },
    ],
    [
      'a schema that mentions itself',
      node,
      found,
      { name: 'a', children: { name: 'b' } },
      { name: 'a', children: [{ name: 'b', children: [] }] },
    ],
    [
      'names of what every object has',
      z.object({ toString: z.array(z.number()) }),
      { toString: found },
      { toString: 1 },
      { toString: [1] },
    ],
  ])('%s', (_what, type, template, value, expected) => {
    const schema = schemaOf(type)
    expect(withLists(value, template, schema)).toEqual(expected)
  })

  it('follows references and combinations in a schema', () => {
    const schema = {
      $defs: { rows: { type: 'array', items: { type: 'object' } } },
      allOf: [{ properties: { rows: { $ref: '#/$defs/rows' } } }, { required: ['rows'] }],
    }
    expect(withLists({ rows: row }, { rows: found }, schema)).toEqual({ rows: [row] })
    expect(withLists({}, { rows: found }, schema)).toEqual({ rows: [] })
    expect(withLists(1, found, { $ref: '#' })).toBe(1)
    expect(withLists(1, found, undefined)).toBe(1)
  })
})
