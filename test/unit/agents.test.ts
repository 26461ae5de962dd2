import { describe, expect, it } from 'vitest'
import { columnsOf } from '../../functions/agents/_support/columns.ts'
import { readTable } from '../../functions/agents/_support/table.ts'
import { correlate } from '../../functions/agents/analysis/correlate.ts'
import { findOutliers } from '../../functions/agents/analysis/find-outliers.ts'
import { findTrends } from '../../functions/agents/analysis/find-trends.ts'
import { aggregate } from '../../functions/agents/data/aggregate.ts'
import { merge } from '../../functions/agents/data/merge.ts'
import { transform } from '../../functions/agents/data/transform.ts'
import { formatCsv } from '../../functions/agents/format/format-csv.ts'
import { formatHtml } from '../../functions/agents/format/format-html.ts'
import { searchPassages } from '../../functions/agents/research/search-passages.ts'
import { textOfHtml } from '../../functions/agents/research/text-of-html.ts'
import { summarize } from '../../functions/agents/synthesis/summarize.ts'
import { checkRules } from '../../functions/agents/validation/check-rules.ts'
import { checkSchema } from '../../functions/agents/validation/check-schema.ts'

const files = { list: async () => [], readText: async () => '' }
const read = (table: Parameters<typeof readTable>[0]) => readTable(table, { files })

describe('tables', () => {
  it('types cells, and takes for missing what people write for it', async () => {
    expect(await read('a,b,c,d\n1,007,true,2026-01-01\nNA,x,,1e3\n')).toEqual([
      { a: 1, b: '007', c: true, d: '2026-01-01' },
      { a: null, b: 'x', c: null, d: 1000 },
    ])
  })

  it('finds out the separator', async () => {
    expect(await read('k;v\n1;2,5\n')).toEqual([{ k: 1, v: '2,5' }])
    expect(await read('k\tv\n1\t2\n')).toEqual([{ k: 1, v: 2 }])
    expect(await read('k\n1\n')).toEqual([{ k: 1 }])
  })

  it('reads JSON lists, and lists inside an object', async () => {
    expect(await read('[{"a":1,"b":{"c":2}}]')).toEqual([{ a: 1, b: '{"c":2}' }])
    expect(await read('{"rows":[{"a":"1"}]}')).toEqual([{ a: 1 }])
  })

  it.each([
    ['', /no rows/],
    ['a,b\n', /no rows/],
    ['a,b\n1,2,3\n', /is not CSV/],
    ['[1, 2]', /neither a list of objects/],
    ['{"a":', /is not JSON/],
  ])('refuses %j', async (text, reason) => {
    await expect(read(text)).rejects.toThrow(reason)
  })

  it('survives odd columns', () => {
    const rows = [
      { empty: null, mixed: 'x', constant: 5 },
      { empty: null, mixed: 2, constant: 5 },
    ]
    expect(columnsOf(rows).map(({ name, type }) => `${name} ${type}`)).toEqual([
      'empty empty',
      'mixed text',
      'constant number',
    ])
    expect(correlate(rows)).toEqual({ pairs: [] })
    expect(findOutliers(rows).columns).toMatchObject([{ column: 'constant', count: 0 }])
    expect(findTrends(rows).trends).toMatchObject([{ column: 'constant', direction: 'flat' }])
  })

  it('finds trends where dates and numbers are not always filled together', () => {
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

  it('aggregates thousands of groups in no time', () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => ({ kind: index % 5_000, n: index }))
    const started = performance.now()
    expect(
      aggregate(rows, { groupBy: ['kind'], measures: { total: { function: 'sum', column: 'n' } } }),
    ).toHaveLength(5_000)
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  it('names a column that is not there', () => {
    expect(() => aggregate([{ kind: 'a' }], { groupBy: ['knd'], measures: {} })).toThrow(
      /no column "knd"; did you mean "kind"/,
    )
  })

  it('stops a long transformation at its deadline', async () => {
    const rows = Array.from({ length: 200_000 }, (_, n) => ({ n }))
    await expect(transform(rows, { where: '$row.n > 1' }, AbortSignal.timeout(60))).rejects.toThrow(/timeout/)
  })

  it('transforms and merges', async () => {
    const rows = [{ n: 1 }, { n: 3 }, { n: 2 }]
    const kept = await transform(
      rows,
      { select: { n: '$row.n', twice: '$row.n * 2' }, orderBy: '-n', limit: 2 },
      new AbortController().signal,
    )
    expect(kept).toEqual([
      { n: 3, twice: 6 },
      { n: 2, twice: 4 },
    ])
    expect(merge([[{ k: 1, a: 1 }], [{ k: 1, b: 2 }]], 'k')).toEqual([{ k: 1, a: 1, b: 2 }])
  })
})

describe('documents', () => {
  it('searches the end of a long paragraph as well as its beginning', () => {
    const text = `${'Many words about other animals and their ways. '.repeat(60)}The zebra migrates at noon.`
    const { passages } = searchPassages('zebra migration', [{ source: 'a.txt', text }], 3)
    expect(passages[0]?.text).toContain('zebra migrates at noon')
    expect(passages.every((passage) => passage.text.length <= 700)).toBe(true)
  })

  it('finds short names, and one number for another', () => {
    const documents = [
      { source: 'a.md', text: '# Storage\n\nObjects are kept in S3, and every retry is told to the caller.' },
    ]
    expect(searchPassages('s3 retries', documents, 3).passages).toHaveLength(1)
  })

  it('is not slowed by thousands of blank lines', () => {
    const started = performance.now()
    searchPassages(
      'word',
      [{ source: 'a.md', text: `word word word word word word word word\n${'\n'.repeat(200_000)}` }],
      3,
    )
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  it.each([
    ['plain words', 'plain words'],
    ['<!doctype html>', '<!doctype html>'],
    ['', ''],
    ['<div>a</div><div>b</div>', 'a\n\nb'],
    ['<p>cookie</p><div>content</div>', 'cookie\n\ncontent'],
    ['<ul><li><p>x</p></li></ul>', 'x'],
    ['<html><body><h2>Title</h2><p>Text</p><script>alert(1)</script></body></html>', '# Title\n\nText'],
  ])('reads the page %j', (html, text) => {
    expect(textOfHtml(html)).toBe(text)
  })

  it('summarizes with sentences of the text, those on the question first', () => {
    const text =
      'Cats sleep most of the day. Dogs guard the house at night. Cats and dogs share many old houses. Trains are late again today.'
    expect(summarize(text, 1, 'late trains').sentences).toEqual(['Trains are late again today.'])
    for (const sentence of summarize(text, 3).sentences) expect(text).toContain(sentence)
  })
})

describe('validation and formats', () => {
  it('lists everything that does not fit a schema', () => {
    const schema = { type: 'object', required: ['a'], properties: { b: { type: 'string', format: 'email' } } }
    expect(checkSchema({ b: 'x' }, schema)).toMatchObject({
      valid: false,
      problems: [{ path: '' }, { path: '/b' }],
    })
    expect(() => checkSchema(1, { type: 'nonsense' })).toThrow(/not a JSON Schema/)
    expect(() => checkSchema(1, { $async: true })).toThrow(/\$async/)
  })

  it('checks rules, and a rule that cannot be evaluated is a problem', async () => {
    const rules = [
      { name: 'some', expression: '$count($value.rows) > 0' },
      { name: 'none', expression: '$value.count > 9' },
      { name: 'broken', expression: '$value +' },
    ]
    expect(await checkRules({ rows: [1], count: 5 }, rules)).toMatchObject({
      valid: false,
      checked: 3,
      problems: [{ path: 'none' }, { path: 'broken' }],
    })
  })

  it('quotes CSV', () => {
    expect(formatCsv([{ a: 'x,"y"', b: null }, { b: { c: 1 } }])).toBe(
      'a,b\r\n"x,""y""",\r\n,"{""c"":1}"\r\n',
    )
  })

  it('keeps scripts out of pages', () => {
    const page = formatHtml({
      title: '<b>',
      markdown:
        '# Hi <script>alert(1)</script>\n\n[x](javascript:alert(1)) ![c](chart-1.svg) <img src=x onerror=alert(1)>',
      charts: [{ name: 'chart-1.svg', title: 'C', svg: '<svg/>' }],
    })
    expect(page).not.toMatch(/<script|javascript:|onerror/)
    expect(page).toContain('<title>&lt;b&gt;</title>')
    expect(page).toContain('src="data:image/svg+xml;base64,')
  })
})
