import { describe, expect, it } from 'vitest'
import { columnsOf, rounded } from '../../../functions/agents/_support/columns.ts'
import { timeOfText } from '../../../functions/agents/_support/dates.ts'
import { readTable } from '../../../functions/agents/_support/table.ts'
import { correlate } from '../../../functions/agents/analysis/correlate.ts'
import { findOutliers } from '../../../functions/agents/analysis/find-outliers.ts'
import { findTrends } from '../../../functions/agents/analysis/find-trends.ts'
import { profile } from '../../../functions/agents/analysis/profile.ts'

const table = (rows: Parameters<typeof findTrends>[0]) => ({ rows: [...rows], columns: undefined, notes: [] })

describe('columns', () => {
  it('may be empty, mixed or constant', () => {
    const rows = [
      { empty: null, mixed: 'x', constant: 5 },
      { empty: null, mixed: 2, constant: 5 },
    ]
    expect(columnsOf(rows).map(({ name, type }) => `${name} ${type}`)).toEqual([
      'empty empty',
      'mixed text',
      'constant number',
    ])
    expect(correlate(rows)).toEqual({ pairs: [], notes: [] })
    expect(findOutliers(rows).columns).toMatchObject([{ column: 'constant', count: 0 }])
    expect(findTrends(rows).trends).toMatchObject([{ column: 'constant', direction: 'flat' }])
  })

  it('may be named like members that every object inherits', () => {
    expect(columnsOf([{ toString: 1 }, {}]).map(({ cells }) => cells)).toEqual([[1, null]])
    expect(columnsOf([{ a: 1 }]).map(({ name }) => name)).toEqual(['a'])
  })

  it.each([
    [126.33333333, 126.333],
    [1234567.5, 1234567.5],
    [1234567.891, 1234567.89],
    [0.000123456789, 0.000123457],
    [0, 0],
    [-99.99999999, -100],
    [Number.POSITIVE_INFINITY, undefined],
    [Number.NaN, undefined],
  ])('rounds the statistic %d to %s', (value, expected) => {
    expect(rounded(value)).toBe(expected)
  })
})

describe('dates', () => {
  it.each([
    ['2026-01-02', '2026-01-02T00:00:00Z'],
    ['2026/1/2', '2026-01-02T00:00:00Z'],
    ['2026-01', '2026-01-01T00:00:00Z'],
    ['2026-01-02 03:04', '2026-01-02T03:04:00Z'],
    ['2026-01-02T03:04:05.678', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T03:04:05+07:00', '2026-01-01T20:04:05Z'],
    ['2026-01-02T03:04:05-0330', '2026-01-02T06:34:05Z'],
    ['1/2/2026', '2026-01-02T00:00:00Z'],
    ['Jan 2, 2026', '2026-01-02T00:00:00Z'],
    ['2026-02-31', undefined],
    ['2026-13-01', undefined],
    ['2026-01-02 25:00', undefined],
    ['13/1/2026', undefined],
    ['2026', undefined],
    ['2026-01-02 or so', undefined],
    ['Order 5', undefined],
  ])('reads %s as %s, without asking the machine for its time zone', (text, iso) => {
    const zone = process.env.TZ
    try {
      for (const other of ['UTC', 'Asia/Bangkok', 'America/New_York']) {
        process.env.TZ = other
        expect(timeOfText(text)).toBe(iso === undefined ? undefined : Date.parse(iso))
      }
    } finally {
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    }
  })

  it('are read day first where one of them shows it', () => {
    const shown = profile(table([{ d: '5/4/2026' }, { d: '31/3/2026' }]))
    expect(shown).toMatchObject({ columns: [{ type: 'date', min: '31/3/2026', max: '5/4/2026' }], notes: [] })
  })

  it('are said to be guessed where none shows it', () => {
    expect(profile(table([{ d: '5/4/2026' }, { d: '4/3/2026' }])).notes).toEqual([
      'column "d": dates are read month first, which none of them shows',
    ])
  })
})

describe('profile', () => {
  it('keeps the smallest and largest values as they are', () => {
    expect(profile(table([{ n: 1234567 }, { n: 1 }])).columns).toEqual([
      {
        name: 'n',
        type: 'number',
        missing: 0,
        distinct: 2,
        min: 1,
        max: 1234567,
        mean: 617284,
        median: 617284,
        standardDeviation: 617283,
      },
    ])
  })

  it('says how many cells are in no figure', () => {
    const rows = [...Array.from({ length: 39 }, (_, n) => ({ n })), { n: '12 kg' }]
    expect(profile(table(rows)).columns).toMatchObject([{ type: 'number', others: 1, max: 38 }])
  })

  it('shows the beginning of long values', () => {
    const [column] = profile(table([{ t: 'x'.repeat(10_000) }])).columns
    expect(column?.top).toEqual([{ value: `${'x'.repeat(200)}...`, count: 1 }])
  })

  it('omits a mean that overflows', () => {
    const [column] = profile(table([{ n: 1e308 }, { n: 1.5e308 }])).columns
    expect(column).toMatchObject({ min: 1e308, max: 1.5e308 })
    expect(column).not.toHaveProperty('mean')
  })

  it('says why a column of a CSV is text', async () => {
    const files = { list: async () => [], readText: async () => '' }
    const read = await readTable('phone\n+66812\n', { files })
    expect(profile(read)).toMatchObject({
      columns: [{ type: 'text', why: '"+66812" (row 1) is no plain number' }],
      notes: ['column "phone" is text: "+66812" (row 1) is no plain number'],
    })
  })

  it('counts NA as missing among numbers only', async () => {
    const files = { list: async () => [], readText: async () => '' }
    const { columns } = profile(await readTable('n,c\n1,NA\nNA,TH\n', { files }))
    expect(columns).toMatchObject([
      { name: 'n', type: 'number', missing: 1 },
      { name: 'c', type: 'text', missing: 0 },
    ])
  })
})

describe('trends', () => {
  it('are found where dates and numbers are not always filled together', () => {
    const rows = [
      { d: '2026-01-01', e: null, n: null, m: 3 },
      { d: null, e: '2026-01-02', n: 5, m: 4 },
      { d: null, e: '2026-01-03', n: 7, m: null },
    ]
    const { over, trends } = findTrends(rows)
    expect(over).toBe('e')
    expect(trends.map(({ column, slope }) => [column, slope])).toEqual([
      ['n', 2],
      ['m', 0],
    ])
  })

  it('say so where no row has both', () => {
    const rows = [
      { d: '2026-01-01', n: null },
      { d: null, n: 5 },
    ]
    expect(findTrends(rows)).toEqual({
      over: 'd',
      per: 'day',
      trends: [],
      notes: ['column "n" has no trend: no row has it and the date'],
    })
  })

  it('are over a column of dates that is called row', () => {
    const rows = [
      { row: '2026-01-01', n: 1 },
      { row: '2026-01-03', n: 5 },
    ]
    expect(findTrends(rows)).toMatchObject({ over: 'row', per: 'day', trends: [{ slope: 2 }] })
  })

  it('have no change from 0', () => {
    const [trend] = findTrends([{ n: 0 }, { n: 1 }, { n: 2 }]).trends
    expect(trend).toMatchObject({ direction: 'rising', slope: 1 })
    expect(trend).not.toHaveProperty('change')
  })

  it('are flat for one row, one date and one value', () => {
    expect(findTrends([{ n: 5 }]).trends).toMatchObject([{ direction: 'flat', slope: 0 }])
    const day = { d: '2026-01-01' }
    expect(
      findTrends([
        { ...day, n: 1 },
        { ...day, n: 2 },
        { ...day, n: 3 },
      ]).trends,
    ).toMatchObject([{ direction: 'flat', slope: 0, r2: 0 }])
  })
})

describe('correlations', () => {
  it('leave out a column that does not vary, though its deviation is not quite 0', () => {
    const rows = Array.from({ length: 10 }, (_, n) => ({ n, constant: 0.1 }))
    expect(correlate(rows).pairs).toEqual([])
  })

  it('say how many columns were compared', () => {
    const row = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`c${index}`, index]))
    expect(correlate([row, row, row]).notes).toEqual(['only the first 40 of 50 number columns were compared'])
  })
})
