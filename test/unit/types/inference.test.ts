import { describe, expect, it } from 'vitest'
import { parseExpression } from '../../../shared/workflow/parse-expression.ts'
import { describeType } from '../../../shared/workflow/types/describe-type.ts'
import { inferExpression } from '../../../shared/workflow/types/infer-expression.ts'
import { typeOfSchema } from '../../../shared/workflow/types/type-of-schema.ts'

const INPUT = typeOfSchema({
  type: 'object',
  required: ['name', 'count', 'rows', 'state'],
  properties: {
    name: { type: 'string' },
    count: { type: 'integer' },
    state: { enum: ['open', 'closed'] },
    note: { type: 'string' },
    extra: {},
    rows: {
      type: 'array',
      items: {
        type: 'object',
        required: ['title', 'score'],
        additionalProperties: false,
        properties: {
          title: { type: 'string' },
          score: { type: 'number' },
          tags: { type: 'array', items: { type: 'string' } },
        },
      },
    },
  },
})

const inferred = (text: string) =>
  inferExpression(parseExpression(text), (name) => (name === 'input' ? INPUT : undefined))
const typeIs = (text: string): string => describeType(inferred(text).type)
const complaintsOf = (text: string): string[] => inferred(text).complaints.map(({ message }) => message)

describe('the type of an expression', () => {
  it.each([
    ['$input.name', 'text'],
    ['$input.count', 'a whole number'],
    ['$input.state', '"open" or "closed"'],
    ['$input.rows', 'a list of an object {title, score, tags?}'],
    ['$input.rows.title', 'text or a list of text'],
    ['$input.rows.tags', 'text or a list of text'],
    ['$input.rows.title[]', 'a list of text'],
    ['$input.rows[0]', 'an object {title, score, tags?}'],
    ['$input.rows[0].title', 'text'],
    [
      '$input.rows[score > 1]',
      'an object {title, score, tags?} or a list of an object {title, score, tags?}',
    ],
    ['$input.rows[score > 1].score', 'a number or a list of a number'],
    ["$input.rows.{'at': title, 'n': score + 1}", 'an object {at, n?} or a list of an object {at, n?}'],
    ['$input.rows^(>score).title', 'text or a list of text'],
    ['$map($input.rows, function($r, $i) { $r.title & $i })', 'text or a list of text'],
    ['$map($input.rows.title, $uppercase)', 'text or a list of text'],
    ['$reduce($input.rows, function($sum, $r) { $sum + $r.score }, 0)', 'a number'],
    ['$sum($input.rows.score) / $count($input.rows)', 'a number'],
    ["$input.rows ? 'yes' : $input.count", '"yes" or a whole number'],
    ['($n := $input.count; [1..$n])', 'a list of a whole number'],
    ['$input.rows.title ~> $join(", ")', 'text'],
    ['$input.name & $input.count', 'text'],
    ['$input.extra.deep.er', 'any value'],
    ['$parse($input.name).x', 'any value'],
    ['$merge([$input.rows[0], {"more": 1}])', 'an object {title?, score?, tags?, more?}'],
    ['$append($input.rows.title, 1)', '1 or a list of text or 1'],
    ['$error("no")', 'nothing'],
    ['($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f(5))', 'a number'],
  ])('%s is %s', (text, type) => {
    expect(complaintsOf(text)).toEqual([])
    expect(typeIs(text)).toBe(type)
  })
})

describe('a complaint about an expression', () => {
  it.each([
    [
      '$input.nmae',
      '$input has no "nmae"; did you mean "name" or "note"? (known: count, extra, name, note, rows, state)',
    ],
    ['$input.rows.titel', '$input.rows has no "titel"; did you mean "title"? (known: score, tags, title)'],
    ['$input.rows[scroe > 1]', 'there is no "scroe"; did you mean "score"? (known: score, tags, title)'],
    ['$input.rows^(scor)', 'there is no "scor"; did you mean "score"? (known: score, tags, title)'],
    [
      '$map($input.rows, function($r) { $r.titel })',
      '$r has no "titel"; did you mean "title"? (known: score, tags, title)',
    ],
    ["{'a': 1}.b", 'there is no "b"; known: a'],
    ['$input.name.first', '$input.name.first: text has no members'],
    ['input.name', '"input" is read of nothing; the variable is written "$input"'],
    [
      'hello',
      '"hello" is read of nothing: a path begins with a variable, such as $input.hello; a text is written \'hello\'',
    ],
    ['$input.name + 1', '"+" takes numbers, and gets text'],
    ['-$input.name', '"-" takes numbers, and gets text'],
    ['[1..$input.name]', '".." takes numbers, and gets text'],
    ['$input.name > 1', '">" compares text with 1, which have no order'],
    ['$input.rows < 1', '"<" compares numbers or texts, and gets a list of an object {title, score, tags?}'],
    [
      "$input.state = 'opne'",
      '"=" is always false here: "open" or "closed" is never "opne"; did you mean "open"?',
    ],
    ["$input.count = '5'", '"=" is always false here: a whole number is never "5"'],
    ["$input.count in ['a', 'b']", '"in" is always false here: a whole number is never "a" or "b"'],
    ['$uppercase($input.count)', '$uppercase takes text, and gets a whole number'],
    ['$sum($input.rows.title)', '$sum takes a list of numbers, and gets text or a list of text'],
    [
      '$join($input.rows.score, ",")',
      '$join takes a list of texts as argument 1, and gets a number or a list of a number',
    ],
    ['$substring($input.name, "a")', '$substring takes a number as argument 2, and gets "a"'],
    ['$trim($input.name, 2, 3)', '$trim takes 1 argument, and gets 3'],
    ['{$input.count: 1}', 'the name of a member is no text'],
  ])('%s: %s', (text, message) => {
    expect(complaintsOf(text)).toEqual([message])
  })

  it.each([
    '1 = 2',
    '$input.extra + 1',
    '$exists($input.note) ? $input.note : 1 + 1',
    '$lookup($input, "nmae")',
    '$input.note = "x" and $input.extra',
    '$input.rows@$r.{"t": $r.titel}',
    '$input ~> |rows|{"x": 1}|',
    '$input.**.anything',
  ])('is not made where the value is not known: %s', (text) => {
    expect(complaintsOf(text)).toEqual([])
  })

  it('is made once of a function that is called often', () => {
    expect(complaintsOf('[$map([1, 2], function($x) { $x.a }), $map([1], function($x) { $x.a })]')).toEqual([
      '$x.a: 1 or 2 has no members',
      '$x.a: 1 has no members',
    ])
  })

  it('is bounded: a recursion without end is not known (types/Q5)', () => {
    expect(typeIs('($f := function($x) { $f($x + 1) }; $f(0))')).toBe('any value')
    expect(
      typeIs('($a := function($n) { [$b($n), $b($n)] }; $b := function($n) { [$a($n), $a($n)] }; $a(1))'),
    ).toMatch(/list/)
  })
})
