import { describe, expect, it } from 'vitest'
import { parseCases } from '../../../cli/evaluate/cases.ts'

const CASE =
  '{"id": "a", "input": {"n": 1}, "expected": 2, "rules": {"it": "{% $output > $input.n %}"}, "tags": ["t"]}'

describe('a data set', () => {
  it('has a case in each line that is not empty; one without an id is called by its line', () => {
    expect(parseCases(`\uFEFF${CASE}\r\n\n{"input": [1]}\n{}`, 'c.jsonl')).toEqual([
      { id: 'a', input: { n: 1 }, expected: 2, rules: { it: '{% $output > $input.n %}' }, tags: ['t'] },
      { id: 'line 3', input: [1], tags: [] },
      { id: 'line 4', input: {}, tags: [] },
    ])
  })

  it.each([
    ['{"input": ', 'it is not JSON (a case is one line): '],
    ['[1]', 'a case is an object such as {"input": {...}, "expected": ..., "rules": {...}}'],
    ['{"inputs": {}}', 'inputs: the case has no "inputs"; did you mean "input"?'],
    ['{"tags": "x"}', 'tags: tags is "x"; it must be a list'],
    ['{"rules": {"it": "true"}}', 'case.rules.it: the rule "it" is "true"; it is written "{% ... %}"'],
    ['{"rules": {"it": "{% $steps.a %}"}}', 'rules.it: $steps is not known here'],
    ['{"schema": {"minLength": 1}}', 'case.schema: "minLength" says nothing without "type: string"'],
  ])('%s is told with its line', (line, told) => {
    expect(() => parseCases(`${CASE}\n${line}`, 'c.jsonl')).toThrow(`c.jsonl:2: ${told}`)
  })

  it('is refused with all of its bad lines', () => {
    expect(() => parseCases(`x\n${CASE}\n${CASE}\n[]`, 'c.jsonl')).toThrow(
      /^c\.jsonl:1: it is not JSON.*\nc\.jsonl:4: a case is.*\nc\.jsonl:3: the id "a" is that of line 2 too; each case has its own$/,
    )
    expect(() => parseCases('x\n'.repeat(50), 'c.jsonl')).toThrow('\n... and 30 lines more')
  })

  it('is refused where it is empty, and told what a case is', () => {
    expect(() => parseCases('\n\n', 'c.jsonl')).toThrow(
      'c.jsonl has no cases; each is a line such as {"input"',
    )
  })
})
