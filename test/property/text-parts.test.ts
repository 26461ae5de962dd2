import fc from 'fast-check'
import { expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Json } from '../../shared/domain/json.ts'
import { expressionsIn, resolveExpressions, withoutEscapes } from '../../shared/workflow/expressions.ts'
import { placesIn } from '../../shared/workflow/places-in-text.ts'
import { splitText, type TextPart } from '../../shared/workflow/text-parts.ts'

/** Texts in which braces, percent signs, quotes and line breaks are frequent. */
const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom('{', '%', '}', '{%', '%}', '"', "'", '\\', '/', ' ', '\n', 'a', 'ก', '👍')),
  maxLength: 30,
})
const plainText = anyText.filter((text) => !text.includes('{%'))

/** Expressions that contain `%}` in quotes or comments. */
const expression = fc.constantFrom(
  '$input.x',
  '"%}"',
  "'{% %}'",
  '$input.`a%}b`',
  '1 /* %} */ + 1',
  '$match("a", /"/)',
  '{"a": % }',
  '"\\"%}"',
  '4 / 2',
)
const part = fc.oneof(
  anyText.filter((text) => text !== '').map((literal) => ({ literal })),
  expression.map((text) => ({ expression: text })),
)
const escaped = (literal: string): string => literal.replaceAll('{%', '{%%')
const joined = (parts: readonly ({ literal: string } | { expression: string })[]): string =>
  parts.map((one) => ('literal' in one ? escaped(one.literal) : `{% ${one.expression} %}`)).join('')

/** Adjacent literals become one. */
function merged(parts: readonly ({ literal: string } | { expression: string })[]) {
  const all: ({ literal: string } | { expression: string })[] = []
  for (const one of parts) {
    const last = all.at(-1)
    if ('literal' in one && last && 'literal' in last)
      all[all.length - 1] = { literal: last.literal + one.literal }
    else all.push(one)
  }
  return all
}
const withoutOffset = (one: TextPart) => ('literal' in one ? one : { expression: one.expression })

it('leaves text without expressions as it is (text-parts/T2)', async () => {
  await fc.assert(
    fc.asyncProperty(plainText, async (text) => {
      expect(expressionsIn(text)).toEqual([])
      expect(withoutEscapes(text)).toBe(text)
      expect(await resolveExpressions({ text }, {})).toEqual({ text })
    }),
  )
})

it('resolves any escaped text to that text (text-parts/T2)', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      expect(expressionsIn(escaped(text))).toEqual([])
      expect(withoutEscapes(escaped(text))).toBe(text)
      expect(await resolveExpressions([escaped(text)], {})).toEqual([text])
    }),
  )
})

it('splits joined parts into the same parts, with their offsets (text-parts/T1, text-parts/T3)', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }).map(merged), (parts) => {
      const text = joined(parts)
      const split = splitText(text)
      if (!('parts' in split)) throw new Error(split.unclosed.reason)
      expect(split.parts.map(withoutOffset)).toEqual(parts)
      for (const one of split.parts) {
        if ('expression' in one) expect(text.slice(one.offset)).toMatch(startsWith(one.expression))
      }
    }),
  )
})

const startsWith = (text: string) => new RegExp(`^${text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}`)

it('puts values into text: texts as they are, nothing for null, others as JSON (text-parts/T4)', async () => {
  const json = fc.jsonValue() as fc.Arbitrary<Json>
  await fc.assert(
    fc.asyncProperty(plainText, json, fc.option(json, { nil: undefined }), async (text, a, b) => {
      const shown = (value: Json | undefined): string =>
        value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)
      const result = await resolveExpressions(`-${text}{% $a %}${text}{% $b %}`, { a, b })
      expect(result).toBe(`-${text}${shown(a)}${text}${shown(b)}`)
    }),
  )
})

it.each([
  ['escapes', '{%%'.repeat(300_000)],
  ['expressions', '{%1%}'.repeat(200_000)],
  ['slashes', `{% ${'/'.repeat(1_000_000)}`],
  ['slashes where an operand is due', `{% ${'/ a + '.repeat(200_000)}%}`],
  ['brackets', `{% /${'(['.repeat(500_000)}`],
  ['quotes', `{% ${'"a" & '.repeat(150_000)}`],
  ['comments', `{% ${'/* '.repeat(300_000)}`],
  ['percent signs', '{%'.repeat(500_000)],
])('splits a million characters of %s at once (text-parts/T5)', (_name, text) => {
  const began = process.cpuUsage()
  splitText(text)
  expect(process.cpuUsage(began).user).toBeLessThan(5_000_000)
})

it('never throws, and never returns half an expression', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const split = splitText(text)
      if ('parts' in split) return
      expect(text.slice(split.unclosed.offset, split.unclosed.offset + 2)).toBe('{%')
    }),
  )
})

const STYLES = ['BLOCK_LITERAL', 'BLOCK_FOLDED', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'PLAIN'] as const

it.each(STYLES)('finds the line and column of an expression in a scalar (%s)', (defaultStringType) => {
  const words = fc.constantFrom(
    'Dear',
    'reader,\n',
    'it’s',
    "it's",
    '"so"',
    'ก👍',
    '\n\n',
    '  - a',
    'back\\slash',
    '#',
  )
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), fc.array(words, { maxLength: 12 }), (before, after) => {
      const prompt = [...before, '{% $marked %}', ...after].join(' ')
      const source = stringify({ steps: { a: { input: { prompt } } } }, { defaultStringType, lineWidth: 40 })
      const place = placesIn(source)('steps.a.input.prompt', prompt.indexOf('$marked'))
      const line = source.split('\n')[(place?.line ?? 0) - 1] ?? ''
      expect(line.slice((place?.column ?? 0) - 1)).toMatch(/^\$marked/)
      expect(place?.text).toBe(line)
    }),
  )
})
