import { describe, expect, it } from 'vitest'
import type { Row } from '../../../functions/agents/_support/cells.ts'
import { aggregate } from '../../../functions/agents/data/aggregate.ts'
import dataAgent from '../../../functions/agents/data/index.ts'
import { merge } from '../../../functions/agents/data/merge.ts'
import * as transforming from '../../../functions/agents/data/transform.ts'
import { callAgent } from '../../support/agents/call-agent.ts'
import { cpuMilliseconds } from '../../support/runner/cpu-time.ts'

const signal = new AbortController().signal
const transform = async (...given: Parameters<typeof transforming.transform>): Promise<Row[]> =>
  (await transforming.transform(...given)).rows
const total = (rows: Row[], statistic: 'sum' | 'mean' | 'median' | 'min' | 'max' | 'count' = 'sum') =>
  aggregate(rows, { groupBy: [], measures: { x: { function: statistic, column: 'n' } } }).rows[0]?.x

describe('data.aggregate', () => {
  const of = (...cells: Row[string][]): Row[] => cells.map((n) => ({ n }))

  it.each<[string, Row[], Parameters<typeof total>[1], unknown]>([
    ['sums whole numbers', of(1234567, 1), 'sum', 1234568],
    ['sums money', of(0.1, 0.2), 'sum', 0.3],
    ['sums what cancels out', of(1e16, 0.1, -1e16), 'sum', 0.1],
    ['sums numbers with exponents', of(1e-7, 2e-7, 1e21), 'sum', 1e21],
    ['sums text of plain numbers', of('12.50', 3), 'sum', 15.5],
    ['sums what no number holds, as text', of(9007199254740991, 2), 'sum', '9007199254740993'],
    ['sums ids that are text', of('9007199254740993', '2'), 'sum', '9007199254740995'],
    ['leaves missing cells out', of(1, null, 2), 'mean', 1.5],
    ['means money', of(0.1, 0.2), 'mean', 0.15],
    ['finds the middle', of(3, 1, 2), 'median', 2],
    ['finds the middle of two', of(0.1, 0.2), 'median', 0.15],
    ['finds the largest', of(1234567, 1), 'max', 1234567],
    ['finds the largest of text by value', of('9', '10'), 'max', '10'],
    ['finds the last date', of('2026-01-02', '2026-03-01'), 'max', '2026-03-01'],
    ['has no sum of nothing', of(null), 'sum', null],
    ['counts nothing', of(null), 'count', 0],
    ['has no largest of nothing', of(null), 'max', null],
  ])('%s', (_name, rows, statistic, expected) => {
    expect(total(rows, statistic)).toBe(expected)
  })

  it('says that a sum is text', () => {
    expect(
      aggregate(of(9007199254740991, 2), { groupBy: [], measures: { x: { function: 'sum', column: 'n' } } })
        .notes,
    ).toEqual(['measure "x" has 9007199254740993 as text: no number holds it exactly'])
  })

  it('refuses to sum what is no number', () => {
    expect(() => total(of(1, 'N/A'))).toThrow(/measure "x": column "n" has "N\/A", which is no number/)
    expect(() => total(of(1, '007'))).toThrow(/no number/)
    expect(() => total(of(1e308, 1e308))).toThrow(/larger than any number/)
  })

  it('groups by value and type: 1 is not "1", null not "null", a missing cell is null', () => {
    const rows: Row[] = [
      { k: 1 },
      { k: '1' },
      { k: null },
      { k: 'null' },
      {},
      { k: { a: 1 } },
      { k: { a: 1 } },
    ]
    expect(aggregate(rows, { groupBy: ['k'], measures: { n: { function: 'count' } } }).rows).toEqual([
      { k: 1, n: 1 },
      { k: '1', n: 1 },
      { k: null, n: 2 },
      { k: 'null', n: 1 },
      { k: { a: 1 }, n: 2 },
    ])
  })

  it('keeps groups and columns that are named like members every object inherits', () => {
    const rows = [
      { valueOf: 'toString', constructor: 1 },
      { valueOf: 'valueOf', constructor: 2 },
    ] as never
    const { rows: groups } = aggregate(rows, {
      groupBy: ['valueOf'],
      measures: JSON.parse('{"toString":{"function":"sum","column":"constructor"}}'),
    })
    expect(groups.map((group) => Object.entries(group))).toEqual([
      [
        ['valueOf', 'toString'],
        ['toString', 1],
      ],
      [
        ['valueOf', 'valueOf'],
        ['toString', 2],
      ],
    ])
    expect(() => aggregate([{ a: 1 }], { groupBy: ['toString'], measures: {} })).toThrow(
      /no column "toString"/,
    )
  })

  it('answers for an empty table as SQL does', () => {
    const measures = { n: { function: 'count' }, s: { function: 'sum', column: 'x' } } as const
    expect(aggregate([], { groupBy: [], measures }).rows).toEqual([{ n: 0, s: null }])
    expect(aggregate([], { groupBy: ['k'], measures }).rows).toEqual([])
  })

  it('refuses a measure that would hide a column', () => {
    expect(() => aggregate([{ k: 1 }], { groupBy: ['k'], measures: { k: { function: 'count' } } })).toThrow(
      /measure "k" has the name of a column/,
    )
  })

  it('aggregates thousands of groups quickly', () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => ({ kind: index % 5_000, n: index }))
    const started = cpuMilliseconds()
    expect(
      aggregate(rows, { groupBy: ['kind'], measures: { total: { function: 'sum', column: 'n' } } }).rows,
    ).toHaveLength(5_000)
    expect(cpuMilliseconds() - started).toBeLessThan(2_000)
  })

  it('names a column that is not there', () => {
    expect(() => aggregate([{ kind: 'a' }], { groupBy: ['knd'], measures: {} })).toThrow(
      /no column "knd"; did you mean "kind"/,
    )
  })
})

describe('data.transform', () => {
  it('filters, selects, sorts and cuts', async () => {
    const kept = await transform(
      [{ n: 1 }, { n: 3 }, { n: 2 }],
      { select: { n: '$row.n', twice: '$row.n * 2' }, orderBy: '-n', limit: 2 },
      signal,
    )
    expect(kept).toEqual([
      { n: 3, twice: 6 },
      { n: 2, twice: 4 },
    ])
  })

  it('sorts numbers by value, then text, booleans and the nested, and what is missing last', async () => {
    const cells = ['b', 10, null, true, '9', 9, 'B', false, { a: 1 }, 'a']
    const sorted = async (orderBy: string) =>
      (
        await transform(
          cells.map((c) => ({ c })),
          { orderBy },
          signal,
        )
      ).map(({ c }) => c)
    expect(await sorted('c')).toEqual([9, 10, '9', 'B', 'a', 'b', false, true, { a: 1 }, null])
    expect(await sorted('-c')).toEqual([{ a: 1 }, true, false, 'b', 'a', 'B', '9', 10, 9, null])
  })

  it('sorts by a column that begins with a minus', async () => {
    expect(await transform([{ '-n': 2 }, { '-n': 1 }], { orderBy: '-n' }, signal)).toEqual([
      { '-n': 1 },
      { '-n': 2 },
    ])
  })

  it('treats an undefined `where` as false, and refuses one that is not boolean', async () => {
    expect(await transform([{ n: 2 }, {}], { where: '$row.n > 1' }, signal)).toEqual([{ n: 2 }])
    expect((await transforming.transform([{ n: 2 }, {}], { where: '$row.n > 1' }, signal)).notes).toEqual([
      'where found nothing in 1 of 2 rows, which are left out',
    ])
    await expect(transform([{ n: 2 }, { n: 1 }], { where: 'n > 1' }, signal)).rejects.toThrow(
      'finds nothing in any of the 2 rows; a column is written $row.name, or $lookup($row, "its name") (known: n)',
    )
    expect(await transform([{ n: 2 }], { where: '(n > 1) ?? false' }, signal)).toEqual([])
    await expect(transform([{ n: 2 }], { where: '$row.n' }, signal)).rejects.toThrow(
      /where: \$row\.n is 2 for row 1; it must be true or false/,
    )
  })

  it('accepts new columns with any name', async () => {
    const [row = {}] = await transform([{ n: 2 }], { select: { constructor: '$row.n' } as never }, signal)
    expect(Object.entries(row)).toEqual([['constructor', 2]])
  })

  it('stops a long transformation at its deadline', async () => {
    const rows = Array.from({ length: 200_000 }, (_, n) => ({ n }))
    await expect(transform(rows, { where: '$row.n > 1' }, AbortSignal.timeout(60))).rejects.toThrow(/timeout/)
  })
})

describe('data.merge', () => {
  it('makes a row of every match (join/J1)', () => {
    const customers = [
      { id: 1, name: 'Ann' },
      { id: 1, name: 'Anna' },
    ]
    const orders = [
      { id: 1, order: 'A' },
      { id: 1, order: 'B' },
    ]
    expect(merge([customers, orders], { on: 'id' }).rows).toEqual([
      { id: 1, name: 'Ann', order: 'A' },
      { id: 1, name: 'Ann', order: 'B' },
      { id: 1, name: 'Anna', order: 'A' },
      { id: 1, name: 'Anna', order: 'B' },
    ])
  })

  it('matches no missing keys, and no key of another type (join/J2)', () => {
    const left: Row[] = [{ id: null, a: 1 }, { a: 2 }, { id: 1, a: 3 }]
    const right: Row[] = [{ id: null, b: 1 }, { b: 2 }, { id: '1', b: 3 }]
    const { rows, notes } = merge([left, right], { on: 'id' })
    expect(rows.every(({ b }) => b === null)).toBe(true)
    expect(notes).toEqual([
      '3 rows without a match for "id" in source 2 have no values of it',
      '3 rows of source 2 match nothing on "id" and are left out',
    ])
  })

  it.each([
    [
      'left',
      [
        { k: 1, a: 1, b: null },
        { k: 2, a: 2, b: 2 },
      ],
    ],
    ['inner', [{ k: 2, a: 2, b: 2 }]],
    [
      'full',
      [
        { k: 1, a: 1, b: null },
        { k: 2, a: 2, b: 2 },
        { k: 3, a: null, b: 3 },
      ],
    ],
  ] as const)('keeps the rows that a %s join keeps (join/J3)', (join, expected) => {
    const sources: Row[][] = [
      [
        { k: 1, a: 1 },
        { k: 2, a: 2 },
      ],
      [
        { k: 2, b: 2 },
        { k: 3, b: 3 },
      ],
    ]
    expect(merge(sources, { on: 'k', join }).rows).toEqual(expected)
  })

  it('keeps a column that both tables have, under two names (join/J4)', () => {
    const { rows, notes } = merge(
      [[{ id: 1, status: 'old', status_2: 'x' }], [{ id: 1, status: 'new' }], [{ id: 1, status: 'newest' }]],
      { on: 'id' },
    )
    expect(rows).toEqual([{ id: 1, status: 'old', status_2: 'x', status_2_: 'new', status_3: 'newest' }])
    expect(notes).toEqual([
      'column "status" of source 2 is "status_2_"',
      'column "status" of source 3 is "status_3"',
    ])
  })

  it('refuses a join with too many rows', () => {
    const same = Array.from({ length: 1_000 }, () => ({ k: 'x' }))
    expect(() => merge([same, same], { on: 'k' })).toThrow(/makes 1000000 rows; at most 500000/)
  })

  it('joins CSV files whose keys were guessed differently', async () => {
    const { rows, notes } = await callAgent(dataAgent, 'data.merge', {
      sources: ['id,a\n1,x\n2,y\n', 'id,b\n1,p\n007,q\n'],
      on: 'id',
    })
    expect(rows).toEqual([
      { id: '1', a: 'x', b: 'p' },
      { id: '2', a: 'y', b: null },
    ])
    expect(notes[0]).toBe('column "id" is text, for it is text in another source')
  })

  it('appends tables, and keeps a zip code as text', async () => {
    const { rows } = await callAgent(dataAgent, 'data.merge', {
      sources: ['zip\n10110\n', 'zip\n01234\n', [{ zip: 5 }]],
    })
    expect(rows).toEqual([{ zip: '10110' }, { zip: '01234' }, { zip: 5 }])
  })
})

describe('the data agent', () => {
  it('passes rows on unchanged, and says how a CSV was read', async () => {
    expect(
      await callAgent(dataAgent, 'data.transform', { source: [{ a: { b: ['NA'] }, c: '10110' }] }),
    ).toEqual({ rows: [{ a: { b: ['NA'] }, c: '10110' }], columns: undefined, notes: [] })
    expect(await callAgent(dataAgent, 'data.transform', { source: 'a\n1.50\n2.25\n' })).toEqual({
      rows: [{ a: 1.5 }, { a: 2.25 }],
      columns: [{ name: 'a', type: 'number', decimals: 2 }],
      notes: [],
    })
  })

  it.each(['[{"__proto__":1}]', '[{"a":{"__proto__":2}}]'])(
    'refuses the table %s by its own name',
    async (source) => {
      await expect(callAgent(dataAgent, 'data.transform', { source })).rejects.toThrow(
        /the inline text has a member called "__proto__", which no member may be/,
      )
    },
  )

  it('says where a measure is wrong', async () => {
    await expect(
      callAgent(dataAgent, 'data.aggregate', { source: [{ a: 1 }], measures: { x: { function: 'avg' } } }),
    ).rejects.toThrow(/"x",\s+"function"/)
  })

  it.each(['data/sales.csv', 'a,b\n', ''])('refuses the text %j, which has no rows', async (source) => {
    await expect(callAgent(dataAgent, 'data.transform', { source })).rejects.toThrow(/no rows/)
  })

  it('splits, and takes a table that a filter has emptied', async () => {
    const split = (source: unknown) => callAgent(dataAgent, 'data.split', { source, size: 2 })
    expect((await split('n\n1\n2\n3\n')).parts).toEqual([[{ n: 1 }, { n: 2 }], [{ n: 3 }]])
    expect((await split([])).parts).toEqual([])
  })
})
