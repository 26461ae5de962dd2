import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Issue } from '../../../shared/domain/issue.ts'
import { parseText } from '../../../shared/workflow/parse-text.ts'
import { cpuMilliseconds } from '../../support/runner/cpu-time.ts'

const placesOf = (issues: readonly Issue[]): string[] =>
  issues.map(({ line, column }) => `line ${line}, column ${column}`)

describe('what it takes', () => {
  it.each<[string, string, unknown]>([
    ['YAML', 'a: 1\nb: [x, y]\n', { a: 1, b: ['x', 'y'] }],
    ['JSON', '{"a":1,"b":["x",null]}', { a: 1, b: ['x', null] }],
    ['a byte order mark', '\uFEFFa: 1', { a: 1 }],
    ['a byte order mark before JSON', '\uFEFF{"a":1}', { a: 1 }],
    [
      'dates, which stay text',
      'a: 2026-11-28\nb: 2026-11-28T10:00:00Z',
      { a: '2026-11-28', b: '2026-11-28T10:00:00Z' },
    ],
    ['yes and no, which stay text', 'a: yes\nb: no', { a: 'yes', b: 'no' }],
    ['tags of the core', 'a: !!str 1\nb: !!int "2"\nc: !!map {d: 1}', { a: '1', b: 2, c: { d: 1 } }],
    ['aliases', 'a: &x {n: 1}\nb: *x', { a: { n: 1 }, b: { n: 1 } }],
    ['a merge', 'a: &x {n: 1, m: 2}\nb: {<<: *x, n: 3}', { a: { n: 1, m: 2 }, b: { n: 3, m: 2 } }],
    ['a merge of a list', 'a: &x {n: 1}\nb: {<<: [*x, {m: 2}]}', { a: { n: 1 }, b: { n: 1, m: 2 } }],
    ['a merge of an item of its own', 'b: {<<: [&y {n: 1}, *y]}', { b: { n: 1 } }],
    [
      'brackets in text',
      `a: |\n  ${'['.repeat(500)}\nb: "${'{'.repeat(500)}"`,
      { a: `${'['.repeat(500)}\n`, b: '{'.repeat(500) },
    ],
    ['50 levels of brackets', `${'['.repeat(50)}${']'.repeat(50)}`, expect.any(Array)],
    ['a wide list', `[${'1,'.repeat(10_000)}1]`, Array(10_001).fill(1)],
  ])('%s', (_name, text, value) => {
    expect(parseText(text)).toEqual({ value, issues: [] })
  })

  it('a map of 15,000 keys, and of a thousand steps, within a second or two', () => {
    const text = Array.from({ length: 15_000 }, (_, index) => `k${index}: 1`).join('\n')
    const [result, milliseconds] = timed(text)
    expect(Object.keys(result.value as object)).toHaveLength(15_000)
    expect(milliseconds).toBeLessThan(2_000)
  })
})

describe('what it refuses, and where', () => {
  it.each<[string, string, string, string]>([
    ['a tag of somebody', 'a: 1\nb: !foo x', 'line 2, column 4', 'Unresolved tag: !foo'],
    ['a tag of bytes', 'a: !!binary aGVsbG8=', 'line 1, column 4', 'Unresolved tag'],
    ['a tag of code', 'a: !!js/function "x"', 'line 1, column 4', 'Unresolved tag'],
    ['a tag of a set', 'a: !!set {b}', 'line 1, column 4', 'Unresolved tag'],
    ['a key twice', 'a: 1\nb: 2\na: 3', 'line 3, column 1', 'the key "a" is there twice'],
    ['a key twice in JSON', '{"a":1,"a":2}', 'line 1, column 8', 'the key "a" is there twice'],
    [
      'a key twice, once with quotes',
      'b:\n  a: 1\n  "a": 2',
      'line 3, column 3',
      'the key "a" is there twice',
    ],
    ['a list as a key', '? [a]\n: 1', 'line 1, column 3', 'a key is text'],
    ['a number that is none', 'a: .nan', 'line 1, column 4', '.nan is no number'],
    ['a number beyond numbers', 'a: -.inf', 'line 1, column 4', '-.inf is no number'],
    ['two documents', 'a: 1\n---\nb: 1', 'line 2, column 1', 'multiple documents'],
    ['what does not close', 'a: [1', 'line 1, column 6', 'Flow sequence'],
    ['a merge of nothing', 'a: {<<: 1}', 'line 1, column 5', '<< merges a map'],
    ['a merge of a text by its alias', 'a: &a x\nb:\n  <<: *a', 'line 3, column 3', '<< merges a map'],
    ['a merge of a list with a text', 'a: &a {}\nb: {<<: [*a, x]}', 'line 2, column 5', '<< merges a map'],
    ['a merge of a list of itself', 'x: &a [*a]\n<<: *a', 'line 2, column 1', '<< merges a map'],
    [
      'a merge of lists of lists',
      'a: &a [{}, {}]\nb: &b [*a, *a]\nc: {<<: *b}',
      'line 3, column 5',
      '<< merges a map',
    ],
  ])('%s', (_name, text, place, message) => {
    const { value, issues } = parseText(text)
    expect(value).toBeUndefined()
    expect(issues[0]).toMatchObject({
      code: 'bad-syntax',
      path: '',
      message: expect.stringContaining(message),
    })
    expect(placesOf(issues)[0]).toBe(place)
  })
})

describe('a colon that is missing', () => {
  it.each([
    [
      'a text',
      'name: w\nsteps:\n  a:\n    capability echo\n    input: { b: 1 }',
      'line 4, column 5',
      'there is no colon after capability; write "capability: echo"',
    ],
    [
      'a step',
      'name: w\nsteps:\n  a\n    capability: echo',
      'line 3, column 3',
      'there is no colon after a; write "a:"',
    ],
    [
      'the first line',
      'name w\nsteps: {}',
      'line 1, column 1',
      'there is no colon after name; write "name: w"',
    ],
    ['the last line', 'a: 1\nb c', 'line 2, column 1', 'there is no colon after b; write "b: c"'],
    [
      'a map in brackets',
      'a:\n  query { type: string, minLength: 1 }\n  b: 1',
      'line 2, column 3',
      'there is no colon after query; write "query: { type: string, minLength: 1 }"',
    ],
    [
      'no blank',
      'a:\n  capability:echo\n  b: 1',
      'line 2, column 3',
      'the colon after capability has no blank behind it; write "capability: echo"',
    ],
    [
      'an item of a list',
      'a:\n  - name x\n    b: 1',
      'line 2, column 5',
      'there is no colon after name; write "name: x"',
    ],
    [
      'a long value',
      `a\n b: ${'x'.repeat(5)}\nname ${'long '.repeat(50)}`,
      'line 1, column 1',
      'there is no colon after a; write "a:"',
    ],
  ])(
    'is told with the line as it should be, and nothing of what follows from it: %s',
    (_what, text, place, message) => {
      const { issues } = parseText(text)
      expect([placesOf(issues), issues.map((one) => one.message)]).toEqual([
        [place],
        [`not YAML or JSON: ${message}`],
      ])
    },
  )

  it('in any line of our workflows is one issue, of that line', () => {
    for (const file of globSync(['workflows/*.yaml', 'examples/workflows/**/*.yaml'])) {
      const lines = readFileSync(file, 'utf8').split('\n')
      for (const [at, line] of lines.entries()) {
        const colon = /^\s*[\w-]+:/.test(line) ? line.indexOf(':') : -1
        if (colon < 0) continue
        const { issues } = parseText(lines.with(at, line.slice(0, colon) + line.slice(colon + 1)).join('\n'))
        // In the only line of a map it is a text, which is YAML.
        if (issues.length > 0) expect([file, issues.map((one) => one.line)]).toEqual([file, [at + 1]])
      }
    }
  })
})

describe('numbers that lose digits', () => {
  it.each([
    ['a: 9007199254740993', 'line 1, column 4', '9007199254740993 would become 9007199254740992'],
    ['{"a": [1, 12345678901234567890]}', 'line 1, column 11', 'write it as text, "12345678901234567890"'],
    ['a: -12345678901234567.89', 'line 1, column 4', '-12345678901234567.89 would become'],
    ['a:\n  - 0x20000000000001', 'line 2, column 5', '0x20000000000001 would become'],
    [`a: ${'9'.repeat(300)}`, 'line 1, column 4', 'would become 1e+300'],
  ])('%s', (text, place, message) => {
    const { issues } = parseText(text)
    expect(issues).toMatchObject([
      { code: 'loses-digits', path: '', message: expect.stringContaining(message) },
    ])
    expect(placesOf(issues)).toEqual([place])
  })

  it.each([
    '9007199254740991',
    '-9007199254740991',
    '10000000000000000000000',
    '1e21',
    '0.1',
    '3.14159265358979323846',
    '0x10',
    '"9007199254740993"',
  ])('not %s', (number) => {
    expect(parseText(`a: ${number}`).issues).toEqual([])
  })
})

const marks = (of: (index: number) => string): string =>
  Array.from({ length: 20_000 }, (_, i) => of(i)).join('\n')

describe('bombs', () => {
  it.each<[string, string, string | RegExp]>([
    ['text/B1 a long text', 'a'.repeat(300_001), 'line 1, column 300001'],
    ['text/B2 brackets', '['.repeat(140_000), 'line 1, column 51'],
    ['text/B2 braces', '{'.repeat(140_000), 'line 1, column 51'],
    ['text/B2 both', '[{'.repeat(70_000), 'line 1, column 51'],
    ['text/B2 brackets on lines', '[\n'.repeat(70_000), 'line 51, column 1'],
    ['text/B2 keys in brackets', '{a: '.repeat(70_000), /^line 1, column/],
    [
      'text/B2 indentation',
      Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      'line 101, column 101',
    ],
    ['text/B3 lists in a line', '- '.repeat(100_000), 'line 1, column 101'],
    ['text/B3 keys in a line', '? '.repeat(100_000), 'line 1, column 101'],
    ['text/B4 anchors', marks((i) => `- &a${i} x`), 'line 1001, column 3'],
    ['text/B4 aliases', `a: &a [1]\n${marks((i) => `k${i}: *a`)}`, /^line 100\d, column/],
    [
      'text/B5 aliases of aliases',
      Array.from(
        { length: 9 },
        (_, i) =>
          `a${i}: &a${i} [${
            i > 0
              ? Array(9)
                  .fill(`*a${i - 1}`)
                  .join(',')
              : 'x'
          }]`,
      ).join('\n'),
      /^line 7, column \d+$/,
    ],
    ['text/B5 aliases of a long text', `a: &a ${'x'.repeat(200_000)}\nb: *a\nc: *a`, 'line 2, column 4'],
    ['text/B5 an alias in itself', 'a: &a\n  b: [*a]', 'line 2, column 7'],
    ['text/B4 tags', '!a '.repeat(90_000), 'line 1, column 3001'],
  ])('%s: refused within 100 ms', (_name, text, at) => {
    // The best of three, because the machine may be busy.
    const runs = [timed(text), timed(text), timed(text)]
    const place = typeof at === 'string' ? at : expect.stringMatching(at)
    expect(runs[0]?.[0]).toEqual({
      value: undefined,
      issues: [expect.objectContaining({ code: 'too-large', path: '' })],
    })
    expect(placesOf(runs[0]?.[0].issues ?? [])).toEqual([place])
    expect(Math.min(...runs.map(([, milliseconds]) => milliseconds))).toBeLessThan(100)
  })

  it.each<[string, string]>([
    ['keys', marks((i) => `k${i}${i}: 1`)],
    ['pairs', `[${'a: 1,'.repeat(50_000)}]`],
    ['the same key', 'a: 1\n'.repeat(50_000)],
    ['documents', '---\n'.repeat(70_000)],
    ['brackets that close nothing', ']'.repeat(200_000)],
    ['quotes', '"'.repeat(280_000)],
    ['a key of 290,000 letters', `${'a'.repeat(290_000)}: 1`],
    [
      'aliases of aliases',
      Array.from(
        { length: 20 },
        (_, i) =>
          `a${i}: &a${i} [${
            i > 0
              ? Array(9)
                  .fill(`*a${i - 1}`)
                  .join(',')
              : 'x'
          }]`,
      ).join('\n'),
    ],
    ['lines', 'a\n'.repeat(140_000)],
    ['zeros of a number', `name: 9007199254740993.${'0'.repeat(250_000)}1`],
    [
      'merges of many aliases',
      `d: &d {n: 1}\nl: &l [${Array(490).fill('*d').join(',')}]\n${Array.from({ length: 490 }, (_, i) => `k${i}: {<<: *l}`).join('\n')}`,
    ],
    ['colons', ': '.repeat(100_000)],
  ])('%s end soon', (_name, text) => {
    expect(timed(text)[1]).toBeLessThan(2_000)
  })
})

function timed(text: string): [ReturnType<typeof parseText>, milliseconds: number] {
  const started = cpuMilliseconds()
  const result = parseText(text)
  return [result, cpuMilliseconds() - started]
}
