import { describe, expect, it } from 'vitest'
import { readTable } from '../../../functions/agents/_support/table.ts'
import { typeColumn } from '../../../functions/agents/_support/type-column.ts'

const files = { list: async () => [], readText: async () => '' }
const read = (...[table, wishes]: [Parameters<typeof readTable>[0], Parameters<typeof readTable>[2]?]) =>
  readTable(table, { files }, wishes)
const rowsOf = async (...args: Parameters<typeof read>) => (await read(...args)).rows

describe('the types of CSV columns', () => {
  const none = new Set<string>()
  it.each<[string, string[], string, unknown[]]>([
    ['whole numbers', ['1', '-20', ''], 'number', [1, -20, null]],
    ['decimals', ['1.5', '0.25'], 'number', [1.5, 0.25]],
    ['money', ['12.50', '3.10', '0.00'], 'number', [12.5, 3.1, 0]],
    ['floats as Python writes them', ['1.0', '10.25', '3.5'], 'number', [1, 10.25, 3.5]],
    ['a lone 3.10', ['3.10'], 'text', ['3.10']],
    ['versions', ['3.9', '3.10', '3.11'], 'text', ['3.9', '3.10', '3.11']],
    ['versions of one length', ['3.10', '3.11'], 'text', ['3.10', '3.11']],
    ['versions of three parts', ['1.2.3', '1.10.0'], 'text', ['1.2.3', '1.10.0']],
    ['leading zeros', ['007', '12'], 'text', ['007', '12']],
    ['phone numbers', ['+66812345678', '0812345678'], 'text', ['+66812345678', '0812345678']],
    ['plus signs', ['+1', '-1'], 'text', ['+1', '-1']],
    ['part numbers', ['12E5', '713752e1'], 'text', ['12E5', '713752e1']],
    ['exponents', ['1e3', '2'], 'text', ['1e3', '2']],
    ['ids past 2^53', ['9007199254740993', '1'], 'text', ['9007199254740993', '1']],
    [
      'more digits than a number has',
      ['0.12345678901234567890', '1.5'],
      'text',
      ['0.12345678901234567890', '1.5'],
    ],
    ['negative zero', ['-0', '1'], 'text', ['-0', '1']],
    ['thousands', ['1,000', '2'], 'text', ['1,000', '2']],
    ['decimal commas', ['2,5', '3'], 'text', ['2,5', '3']],
    ['percent', ['5%', '6 %'], 'text', ['5%', '6 %']],
    ['currencies', ['$5', '6'], 'text', ['$5', '6']],
    ['hexadecimal', ['0x1F', '10'], 'text', ['0x1F', '10']],
    ['infinity', ['Infinity', '1'], 'text', ['Infinity', '1']],
    ['dates', ['2026-01-02', '2026-02-31'], 'text', ['2026-01-02', '2026-02-31']],
    ['times', ['12:30', '08:05'], 'text', ['12:30', '08:05']],
    ['mixed cells', ['1', 'x'], 'text', ['1', 'x']],
    ['booleans', ['true', 'false', ''], 'boolean', [true, false, null]],
    ['booleans of others', ['TRUE', 'yes'], 'text', ['TRUE', 'yes']],
    ['a mixture with booleans', ['true', '1'], 'text', ['true', '1']],
    ['NA among numbers', ['1', 'NA', '3'], 'number', [1, null, 3]],
    ['NA among booleans', ['true', 'n/a'], 'boolean', [true, null]],
    ['NA among countries', ['NA', 'TH'], 'text', ['NA', 'TH']],
    ['NA alone', ['NA', 'NA'], 'text', ['NA', 'NA']],
    ['two words for missing', ['1', 'NA', 'null'], 'text', ['1', 'NA', 'null']],
    ['NA beside empty cells', ['1', 'NA', ''], 'text', ['1', 'NA', null]],
    ['the name None', ['None', 'Smith'], 'text', ['None', 'Smith']],
    ['very small numbers', ['0.0000001', '1.5'], 'number', [1e-7, 1.5]],
    ['nothing', ['', ''], 'empty', [null, null]],
  ])('%s (column/T2, column/T3, column/T4)', (_name, texts, type, cells) => {
    const typed = typeColumn('c', texts, { missing: none })
    expect(typed.reading.type).toBe(type)
    expect(typed.cells).toEqual(cells)
  })

  it('says what was guessed, and why', async () => {
    const { columns, notes } = await read('phone,n,country,v\n+66812,1,NA,3.10\n+66813,NA,TH,3.11\n')
    expect(columns).toEqual([
      { name: 'phone', type: 'text', why: '"+66812" (row 1) is no plain number' },
      { name: 'n', type: 'number', missing: 'NA' },
      { name: 'country', type: 'text', why: '"NA" (row 1) is text here; "missing" can say otherwise' },
      { name: 'v', type: 'text', why: '"3.10" (row 1) would become 3.1' },
    ])
    expect(notes).toEqual([
      'column "phone" is text: "+66812" (row 1) is no plain number',
      'column "n": "NA" is read as no value',
      'column "country" is text: "NA" (row 1) is text here; "missing" can say otherwise',
      'column "v" is text: "3.10" (row 1) would become 3.1',
    ])
  })

  it('uses the types and the words for missing values that the caller gives', async () => {
    const csv = 'zip,v,country\n10110,3.10,NA\n10200,-,TH\n'
    const wishes = { columns: { zip: 'text', v: 'number' }, missing: ['NA', '-'] } as const
    expect(await rowsOf(csv, { columns: { ...wishes.columns }, missing: [...wishes.missing] })).toEqual([
      { zip: '10110', v: 3.1, country: null },
      { zip: '10200', v: null, country: 'TH' },
    ])
    await expect(read(csv, { columns: { country: 'number' } })).rejects.toThrow(
      /column "country" is to be number, but row 1 has "NA"/,
    )
    await expect(read(csv, { columns: { zipp: 'text' } })).rejects.toThrow(/did you mean "zip"/)
  })

  it('limits the notes on a table with many odd columns', async () => {
    const header = Array.from({ length: 200 }, (_, index) => `c${index}`).join(',')
    const { notes } = await read(`${header}\n${'+1,'.repeat(200).slice(0, -1)}\n`)
    expect(notes).toHaveLength(50)
    expect(notes.at(-1)).toBe('and 151 more')
  })
})

describe('the shape of a CSV', () => {
  it('makes equal and empty headers unique among all headers', async () => {
    const { rows, columns, notes } = await read('a,a,a_2,\n1,2,3,4\n')
    expect(rows).toEqual([{ a: 1, a_3: 2, a_2: 3, column_4: 4 }])
    expect(columns?.map(({ header }) => header)).toEqual([undefined, 'a', undefined, ''])
    expect(notes).toEqual([
      'column "a_3" is named so for its header "a"',
      'column "column_4" is named so for its header ""',
    ])
  })

  it('keeps columns that are named like members every object inherits', async () => {
    const [row = {}] = await rowsOf('constructor,toString\n2,3\n')
    expect(Object.entries(row)).toEqual([
      ['constructor', 2],
      ['toString', 3],
    ])
  })

  it('renames a column with a forbidden name, and says so', async () => {
    const { rows, notes } = await read('__proto__,column_1,__proto__\n1,2,3\n')
    expect(rows.map((row) => Object.entries(row))).toEqual([
      [
        ['column_1_2', 1],
        ['column_1', 2],
        ['column_3', 3],
      ],
    ])
    expect(notes).toEqual([
      'column "column_1_2" is named so for its header "__proto__"',
      'column "column_3" is named so for its header "__proto__"',
    ])
  })

  it.each<[string, unknown[]]>([
    ['k;v\n1;2,5\n', [{ k: 1, v: '2,5' }]],
    ['k\tv\n1\t2\n', [{ k: 1, v: 2 }]],
    ['k|v\n1|2\n', [{ k: 1, v: 2 }]],
    ['"a;b;c",d\n1,2\n', [{ 'a;b;c': 1, d: 2 }]],
    ['sep=;\na;b\n1;2\n', [{ a: 1, b: 2 }]],
    ['net (a, b, c);tax\n1;2\n', [{ 'net (a, b, c)': 1, tax: 2 }]],
    ['a,b|c|d|e\n1,2\n', [{ a: 1, 'b|c|d|e': 2 }]],
    ['"a\nb,c,d";e\n1;2\n', [{ 'a\nb,c,d': 1, e: 2 }]],
    ['k\n1\n', [{ k: 1 }]],
    ['k\n1\n\n3\n\n', [{ k: 1 }, { k: null }, { k: 3 }]],
    ['k\n1\n""\n', [{ k: 1 }, { k: null }]],
    ['a,b\n\n1,2\n\n', [{ a: 1, b: 2 }]],
    ['a,b\n,\n', [{ a: null, b: null }]],
    ['\uFEFFa,b\r\n1,2\r\n', [{ a: 1, b: 2 }]],
    ['a,b\r1,2\r', [{ a: 1, b: 2 }]],
    [
      'a,b\r\n1,2\n3,4\r5,6',
      [
        { a: 1, b: 2 },
        { a: 3, b: 4 },
        { a: 5, b: 6 },
      ],
    ],
    ['a\r\n1\n2\r\n', [{ a: 1 }, { a: 2 }]],
    ['a, b\n x , " y "\n', [{ a: 'x', b: ' y ' }]],
    ['a,b\n1,"x\ny"\n', [{ a: 1, b: 'x\ny' }]],
    ['a,b\n1,"say ""hi"""\n', [{ a: 1, b: 'say "hi"' }]],
    ['a\tb\n1\t\n', [{ a: 1, b: null }]],
  ])('reads %j', async (text, rows) => {
    expect(await rowsOf(text)).toEqual(rows)
  })

  it.each([
    ['', /no rows/],
    ['a,b\n', /no rows/],
    ['a,b\n1,2,3\n', /is not CSV: .*line 2/],
    ['a,b\n1,2\n3\n', /is not CSV: .*line 3/],
    ['a,b\n5" pipe,2\n', /is not CSV/],
    ['[1, 2]', /neither a list of objects/],
    ['{"a":', /is not JSON/],
  ])('refuses %j', async (text, reason) => {
    await expect(read(text)).rejects.toThrow(reason)
  })
})

describe('JSON', () => {
  it('stays as it is: text, nesting, order', async () => {
    const rows = [{ zip: '10110', phone: '+66812', surname: 'None', flag: 'true', b: { c: [1] }, n: null }]
    expect(await read(rows)).toEqual({ rows, columns: undefined, notes: [] })
    expect(await rowsOf(JSON.stringify(rows))).toEqual(rows)
    expect(await rowsOf(`\uFEFF${JSON.stringify({ rows })}`)).toEqual(rows)
  })

  it('keeps integers beyond 2^53 as text, and says so', async () => {
    const { rows, notes } = await read(
      '[{"id": 9007199254740993, "n": 9007199254740992, "f": 1.10, "w": 35544654539247630}]',
    )
    expect(rows).toEqual([{ id: '9007199254740993', n: 9007199254740992, f: 1.1, w: 35544654539247630 }])
    expect(notes).toEqual([
      '1 integers past 2^53 are kept as text, for a number would round them: 9007199254740993',
    ])
  })

  it('finds the one list of objects, and refuses a choice of several', async () => {
    expect(await rowsOf('{"errors": [], "rows": [{"a": 1}], "tags": ["x"]}')).toEqual([{ a: 1 }])
    await expect(read('{"a": [{"x": 1}], "b": [{"y": 1}]}')).rejects.toThrow(
      /several lists of objects \("a", "b"\)/,
    )
  })

  it('converts the columns that the caller names', async () => {
    expect(await rowsOf([{ n: '007', m: 5 }], { columns: { n: 'number', m: 'text' } })).toEqual([
      { n: 7, m: '5' },
    ])
  })
})
