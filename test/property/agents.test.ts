import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cellOf, compareCells, keyOf, type Row } from '../../functions/agents/_support/cells.ts'
import { printNumber } from '../../functions/agents/_support/numbers.ts'
import { readTable } from '../../functions/agents/_support/table.ts'
import { aggregate } from '../../functions/agents/data/aggregate.ts'
import dataAgent from '../../functions/agents/data/index.ts'
import { type JoinKind, joinRows } from '../../functions/agents/data/join-rows.ts'
import { sortRows } from '../../functions/agents/data/sort-rows.ts'
import { formatCsv } from '../../functions/agents/format/format-csv.ts'
import { searchPassages } from '../../functions/agents/research/search-passages.ts'
import { textOfHtml } from '../../functions/agents/research/text-of-html.ts'
import type { Json } from '../../shared/domain/json.ts'
import { notJsonIn } from '../../shared/domain/not-json.ts'
import { callAgent } from '../support/agents/call-agent.ts'

const files = { list: async () => [], readText: async () => '' }
const NAMES = ['a', 'b', 'valueOf', 'constructor', 'toString', 'ชื่อ', 'a_2', '']
const column = fc.oneof(fc.constantFrom(...NAMES), fc.string({ unit: 'grapheme', maxLength: 5 }))
const json = (fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>).filter(
  (value) => notJsonIn(value) === undefined,
)
const row = fc
  .array(fc.tuple(column, json), { maxLength: 4 })
  .map((cells) => Object.fromEntries(cells) as Row)
/** Typical cells, and arbitrary text. */
const text = fc.oneof(
  fc.constantFrom(
    '',
    'NA',
    'n/a',
    'None',
    '-',
    'true',
    'false',
    '3.10',
    '3.9',
    '007',
    '+66812',
    '12E5',
    '1e3',
    '-0',
    '0',
  ),
  fc.constantFrom(
    '1,000',
    '5 %',
    '2026-01-02',
    ' x',
    'x ',
    '"',
    ',',
    '\n',
    '\r\n',
    ';',
    '\t',
    '9007199254740993',
    '=1+1',
  ),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer({ min: -99_999, max: 99_999 }).map((cents) => (cents / 100).toFixed(2)),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
)

describe('tables', () => {
  it('from JSON are not changed by a transformation without operations', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), async (rows) => {
        const source = JSON.parse(JSON.stringify(rows)) as Row[]
        for (const given of [source, JSON.stringify(source)]) {
          const answer = await callAgent(dataAgent, 'data.transform', { source: given })
          expect(JSON.stringify(answer.rows)).toBe(JSON.stringify(source))
        }
      }),
      { numRuns: 200 },
    )
  })

  it('from CSV keep the text of every cell, in columns of every kind (column/T1)', async () => {
    const kinds = [
      text,
      fc.constantFrom('', 'NA', '1', '2.50', '12.00', '-0.25'),
      fc.constantFrom('NA', 'true'),
    ]
    const columns = fc
      .integer({ min: 1, max: 4 })
      .chain((width) =>
        fc
          .integer({ min: 1, max: 6 })
          .chain((height) =>
            fc.tuple(
              ...Array.from({ length: width }, () =>
                fc
                  .constantFrom(...kinds)
                  .chain((kind) => fc.array(kind, { minLength: height, maxLength: height })),
              ),
            ),
          ),
      )
    await fc.assert(
      fc.asyncProperty(columns, async (cells) => {
        const rows = (cells[0] ?? []).map((_, index) =>
          Object.fromEntries(cells.map((column, position) => [`c${position}`, column[index] ?? ''])),
        )
        const csv = formatCsv(rows)
        const read = await readTable(csv, { files })
        expect(formatCsv(read.rows, read)).toBe(csv)
        for (const [index, written] of rows.entries()) {
          for (const [name, cell] of Object.entries(written)) {
            const kept = cellOf(read.rows[index] ?? {}, name)
            if (typeof kept === 'string') expect(kept).toBe(cell)
          }
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('have as many columns as the header has cells, also with equal, empty or hostile names', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 2, maxLength: 6 }), async (header) => {
        const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`
        const csv = `${header.map(quoted).join(',')}\n${header.map((_, index) => `v${index}`).join(',')}\n`
        const { rows } = await readTable(csv, { files })
        expect(Object.values(rows[0] ?? {}).toSorted()).toEqual(
          header.map((_, index) => `v${index}`).toSorted(),
        )
      }),
      { numRuns: 300 },
    )
  })

  it('print every number without an exponent, so that it reads as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const printed = printNumber(number)
        expect(printed).toMatch(/^-?\d+(\.\d+)?$/)
        expect(Number(printed)).toBe(number === 0 ? 0 : number)
      }),
    )
  })
})

describe('aggregation', () => {
  it('adds amounts in cents as exactly as integer arithmetic', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.maxSafeInteger().map((n) => n % 1e11),
          { minLength: 1 },
        ),
        (cents) => {
          const rows = cents.map((n) => ({ n: n / 100 }))
          const [{ total } = {}] = aggregate(rows, {
            groupBy: [],
            measures: { total: { function: 'sum', column: 'n' } },
          }).rows
          expect(total).toBe(Number(cents.reduce((sum, n) => sum + BigInt(n), 0n)) / 100 + 0)
        },
      ),
    )
  })

  it('is exact for integers', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), { minLength: 1 }),
        (numbers) => {
          const rows = numbers.map((n) => ({ n: String(n) }))
          const [{ total } = {}] = aggregate(rows, {
            groupBy: [],
            measures: { total: { function: 'sum', column: 'n' } },
          }).rows
          // 1e30 is told as a number, whose digits are those that it is written with.
          const digits = typeof total === 'number' ? printNumber(total) : String(total)
          expect(BigInt(digits)).toBe(numbers.reduce((sum, n) => sum + n, 0n))
        },
      ),
      { examples: [[[999_999_999_999_999_999_999_999_999_987n, 13n]]] },
    )
  })

  it('puts every row into one group, with its own key', () => {
    fc.assert(
      fc.property(fc.array(row), fc.constantFrom('a', 'valueOf', 'toString'), (rows, name) => {
        const known = rows.some((one) => Object.hasOwn(one, name))
        if (!known) return
        const groups = aggregate(rows, { groupBy: [name], measures: { rows: { function: 'count' } } }).rows
        const counted = new Map(groups.map((group) => [keyOf([cellOf(group, name)]), group.rows]))
        expect(counted.size).toBe(groups.length)
        for (const [key, members] of Map.groupBy(rows, (one) => keyOf([cellOf(one, name)])))
          expect(counted.get(key)).toBe(members.length)
      }),
    )
  })
})

describe('sorting', () => {
  it('is a permutation, ordered, stable and the same when done again', () => {
    fc.assert(
      fc.property(fc.array(json), fc.boolean(), (cells, descending) => {
        const rows = cells.map((c, at) => ({ c, at }))
        const orderBy = descending ? '-c' : 'c'
        const sorted = sortRows(rows, orderBy)
        expect(sorted.toSorted((x, y) => Number(x.at) - Number(y.at))).toEqual(rows)
        expect(sortRows(sorted, orderBy)).toEqual(sorted)
        for (const [index, next] of sorted.slice(1).entries()) {
          const before = sorted[index] as Row
          const order = compareCells(cellOf(before, 'c'), cellOf(next, 'c'))
          const missing = cellOf(before, 'c') === null || cellOf(next, 'c') === null
          if (!missing) expect(descending ? order : -order).toBeGreaterThanOrEqual(0)
          if (order === 0) expect(Number(before.at)).toBeLessThan(Number(next.at))
          if (cellOf(before, 'c') === null) expect(cellOf(next, 'c')).toBeNull()
        }
      }),
    )
  })

  it('is a total order', () => {
    fc.assert(
      fc.property(json, json, json, (a, b, c) => {
        expect(Math.sign(compareCells(a, b)) + Math.sign(compareCells(b, a))).toBe(0)
        if (compareCells(a, b) <= 0 && compareCells(b, c) <= 0)
          expect(compareCells(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })
})

describe('joins', () => {
  const key = fc.constantFrom<Json>(1, '1', 2, null, 'null', true)
  const table = (cell: string) =>
    fc.array(fc.record({ k: key, [cell]: fc.integer() }, { requiredKeys: [cell] }) as fc.Arbitrary<Row>, {
      minLength: 1,
      maxLength: 8,
    })

  it('equal the result of nested loops (join/J1, join/J2, join/J3)', () => {
    fc.assert(
      fc.property(
        table('a'),
        table('b'),
        fc.constantFrom<JoinKind>('left', 'inner', 'full'),
        (left, right, kind) => {
          const hasKey = (rows: Row[]) => rows.some((one) => Object.hasOwn(one, 'k'))
          if (!hasKey(left) || !hasKey(right)) return
          const matches = (x: Row, y: Row) => x.k != null && x.k === y.k
          const expected: unknown[] = []
          for (const x of left) {
            const partners = right.filter((y) => matches(x, y))
            for (const y of partners) expected.push([x.k, x.a, y.b])
            if (partners.length === 0 && kind !== 'inner') expected.push([x.k ?? null, x.a, null])
          }
          if (kind === 'full')
            for (const y of right)
              if (!left.some((x) => matches(x, y))) expected.push([y.k ?? null, null, y.b])
          const { rows } = joinRows(left, right, { on: 'k', kind, number: 2 })
          expect(rows.map((one) => [one.k ?? null, one.a, one.b])).toEqual(expected)
        },
      ),
    )
  })
})

describe('documents', () => {
  const words = fc.constantFrom('alpha', 'beta', 'gamma', 'delta', 'epsilon')
  const block = fc.constantFrom(
    'p',
    'div',
    'li',
    'td',
    'h2',
    'section',
    'option',
    'figcaption',
    'address',
    'my-card',
    'dd',
  )
  const html = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      words.map((word) => `<p>${word}</p>`),
      fc.tuple(block, words).map(([tag, word]) => `<${tag}>${word}</${tag}>`),
      fc.tuple(words, words).map(([a, b]) => `<div>${a}<br>${b}</div>`),
      fc.tuple(words, words).map(([a, b]) => `<div>${a}<hr/>${b}</div>`),
      fc.array(tie('node'), { maxLength: 3 }).map((parts) => `<div>${parts.join('')}</div>`),
    ),
  })).node

  it('keep every word when they are read from HTML, and never join words of different blocks', () => {
    fc.assert(
      fc.property(fc.array(html, { minLength: 1, maxLength: 5 }), (parts) => {
        const page = `<html><body>${parts.join('')}</body></html>`
        const inOrder = page.match(/alpha|beta|gamma|delta|epsilon/g) ?? []
        expect(
          textOfHtml(page)
            .split(/[\s#]+/)
            .filter(Boolean),
        ).toEqual(inOrder)
      }),
    )
  })

  const phrases = fc.constantFrom(
    'ลูกค้าสามารถขอคืนเงินได้ภายในสามสิบวัน',
    'นโยบายความเป็นส่วนตัวของบริษัท',
    '退款政策：客户可以在三十天内申请退款',
    '研究生命起源的科学家',
    'お客様は三十日以内に返金を申請できます',
    'プライバシーポリシーについて',
    'Le café des élèves ouvre à Besançon'.normalize('NFD'),
    'Die Straße führt zum Ärztehaus'.normalize('NFD'),
    'Tiếng Việt có dấu'.normalize('NFD'),
    '고객은 환불을 요청할 수 있습니다',
    'हिन्दी में समाचार',
  )
  it('are found by any word in them, in any form of it (words/W2)', () => {
    const segmenter = new Intl.Segmenter('th', { granularity: 'word' })
    const form = fc.constantFrom('NFC', 'NFD', 'NFKC', 'NFKD')
    fc.assert(
      fc.property(fc.array(phrases, { minLength: 1, maxLength: 4 }), form, fc.nat(), (texts, shape, at) => {
        const text = texts.join(' ')
        const segments = [...segmenter.segment(text)].filter(({ isWordLike }) => isWordLike)
        const query = segments[at % segments.length]?.segment.normalize(shape) ?? ''
        expect([query, searchPassages(query, [{ source: 'x', text }], 1).passages.length]).toEqual([query, 1])
      }),
      { numRuns: 500 },
    )
  })
})
