import fc from 'fast-check'
import stringWidth from 'string-width'
import { expect, it } from 'vitest'
import { issueLines } from '../../../cli/show/issue-lines.ts'
import { excerptOf } from '../../../shared/domain/excerpt.ts'
import { placeAt } from '../../../shared/domain/issue-place.ts'

const said = { code: 'unknown-field', path: 'steps.a.promt', message: 'a step has no "promt"' }

it('shows an issue with its file, line and column, and the line with a caret under the place', () => {
  const text = 'steps:\n  a:\n\tpromt: 1'
  expect(
    issueLines({ ...said, ...placeAt(text, text.indexOf('promt')) }, { file: 'w.yaml', width: 80 }),
  ).toBe(['w.yaml:3:2: steps.a.promt: a step has no "promt"', '  3 |  promt: 1', '    |  ^'].join('\n'))
})

it('shows the column for a text without a local file, and no place for a value', () => {
  expect(issueLines({ ...said, line: 3, column: 1, text: 'a' }, { width: 80 })).toBe(
    'line 3, column 1: steps.a.promt: a step has no "promt"\n  3 | a\n    | ^',
  )
  expect(issueLines(said, { width: 80 })).toBe('steps.a.promt: a step has no "promt"')
})

it('counts its head in the width', () => {
  const long = {
    ...said,
    message: 'a step has no "promt"; known: '.repeat(9),
    line: 3,
    column: 1,
    text: 'x'.repeat(99),
  }
  const lines = issueLines(long, { file: 'workflows/w.yaml', head: 'warning', width: 80 }).split('\n')
  expect(lines[0]).toMatch(/^warning: workflows\/w\.yaml:3:1: steps\.a\.promt: a step/)
  expect(lines.filter((line) => stringWidth(line) > 80)).toEqual([])
})

it('keeps to the width, with the caret under the first character of the place, whatever the line', () => {
  const words = fc.array(fc.constantFrom('a', 'promt', ' ', 'ก', '漢字', '👍', '"', '\t', 'x'.repeat(90)), {
    maxLength: 60,
  })
  fc.assert(
    fc.property(words, words, fc.integer({ min: 30, max: 80 }), (before, after, width) => {
      const text = `name: w\n${before.join('')}@${after.join('')}\nmore: 1`
      const place = placeAt(text, text.indexOf('@'))
      const [line, caret] = excerptOf(place, width, stringWidth)
      for (const one of [line, caret]) expect(stringWidth(one)).toBeLessThanOrEqual(width)
      const column = caret.indexOf('^')
      expect(stringWidth(line.slice(0, line.indexOf('@')))).toBe(column)
    }),
  )
})
