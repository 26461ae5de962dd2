import fc from 'fast-check'
import jsonata from 'jsonata'
import { describe, expect, it } from 'vitest'
import { evaluateExpression, evaluateForEach } from '../../../shared/workflow/expressions.ts'
import { MAX_EXPRESSION, parseExpression } from '../../../shared/workflow/parse-expression.ts'
import { plainPathOf, walkPath } from '../../../shared/workflow/plain-path.ts'

/** The result of unmodified JSONata as plain JSON: JSONata marks the lists that it makes. */
async function original(text: string, names: Record<string, unknown>): Promise<unknown> {
  const result: unknown = await jsonata(text).evaluate({}, structuredClone(names))
  return result === undefined ? undefined : JSON.parse(JSON.stringify(result))
}

const texts = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.toWellFormed())

describe('bounded JSONata', () => {
  it('answers what JSONata does: functions of texts (jsonata/B1)', async () => {
    const argumentsOf = fc.record({
      s: texts,
      from: fc.integer({ min: -15, max: 15 }),
      n: fc.integer({ min: -3, max: 15 }),
      c: texts,
    })
    await fc.assert(
      fc.asyncProperty(argumentsOf, async (x) => {
        for (const text of [
          '$length($x.s)',
          '$substring($x.s, $x.from)',
          '$substring($x.s, $x.from, $x.n)',
          '$pad($x.s, $x.from)',
          '$pad($x.s, $x.from, $x.c)',
          '$x.s & $x.c & $x.n & $x',
          '$map([$x.s, $x.c], $length)',
          '$split($x.s, $x.c)',
          '$join([$x.s, $x.c], $x.s)',
          '$substring(?, 1)($x.s)',
        ]) {
          expect(await evaluateExpression(text, { x }), text).toEqual(await original(text, { x }))
        }
      }),
      { numRuns: 150 },
    )
  })

  it('answers what JSONata does: base64 of bytes, and refuses what it would damage', async () => {
    const bytes = fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    })
    await fc.assert(
      fc.asyncProperty(bytes, async (s) => {
        const encoded = await original('$base64encode($s)', { s })
        expect(await evaluateExpression('$base64encode($s)', { s })).toBe(encoded)
        expect(await evaluateExpression('$base64decode($s)', { s: String(encoded) })).toBe(s)
      }),
      { numRuns: 100 },
    )
    await expect(evaluateExpression('$base64encode("ก")', {})).rejects.toThrow('characters up to U+00FF')
  })

  it('walks plain paths to what JSONata finds', async () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(1, 'x', null, true),
        fc.dictionary(name, tie('value')),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(value, fc.array(name, { maxLength: 4 }), async (x, members) => {
        const text = ['$x', ...members].join('.')
        const path = plainPathOf(text)
        expect(path).toEqual(['x', ...members])
        const walked = walkPath({ x: x as never }, path ?? [])
        if (walked === 'evaluate') return
        expect(walked.found).toEqual(await original(text, { x }))
      }),
      { numRuns: 1_000 },
    )
    for (const text of ['$x[0]', '$x.a[]', '$x.*', '$x{a: b}', '$x^(a)', '$', '$$', '$x.a@$y', '$sum($x)']) {
      expect(plainPathOf(text), text).toBeUndefined()
    }
    expect(walkPath({}, ['sum'])).toBe('evaluate')
  })

  it('evaluates for each of many names', async () => {
    const each = Array.from({ length: 2_500 }, (_, n) => ({ n }))
    expect(await evaluateForEach('$n * 2', each, String)).toEqual(each.map(({ n }) => 2 * n))
    await expect(evaluateForEach('$n = 1200 ? $n.b() : 1', each, (at) => `where, row ${at}`)).rejects.toThrow(
      'at where, row 1200',
    )
  })

  it('adds the functions of Step Functions', async () => {
    expect(await evaluateExpression('$range(1, 9, 4)', {})).toEqual([1, 5, 9])
    expect(await evaluateExpression('$partition([1..5], 2)', {})).toEqual([[1, 2], [3, 4], [5]])
    expect(await evaluateExpression('$parse("{\\"a\\":[1]}").a', {})).toEqual([1])
    expect(await evaluateExpression('$hash("ก", "MD5")', {})).toBe(await md5('ก'))
    expect(await evaluateExpression('$random(5) = $random(5)', {})).toBe(true)
    await expect(evaluateExpression('$hash("a", "ROT13")', {})).rejects.toThrow('SHA-512')
    await expect(evaluateExpression('$range(1, 2, 0)', {})).rejects.toThrow('must not be 0')
    await expect(evaluateExpression('$partition([1], 0)', {})).rejects.toThrow('size of 1 or more')
    await expect(evaluateExpression('$parse("{")', {})).rejects.toThrow('no JSON')
  })

  it.each([
    ['$x.constructor', 'constructor'],
    ['$x.`constructor`.a', 'constructor'],
    ['$x."prototype"', 'prototype'],
    ['$__budget', '__budget'],
    ['($__x := 1)', '__x'],
    ['function($__x){1}', '__x'],
    ['$x@$__y.a', '__y'],
    ['$x#$__y.a', '__y'],
    ['$x{constructor: 1}', 'constructor'],
    ['$x^(>constructor)', 'constructor'],
    ['$x[constructor = 1]', 'constructor'],
    ['$x ~> |constructor|{}|', 'constructor'],
  ])('refuses %s (parse/X2)', (text, name) => {
    expect(() => parseExpression(text)).toThrow(`the name "${name}" is refused`)
  })

  it('lets a step have any id (parse/X2)', async () => {
    const steps = JSON.parse('{"constructor": {"a": 1}}')
    expect(await evaluateExpression('$steps.constructor.a + 1', { steps })).toBe(2)
    expect(await evaluateExpression('$steps."constructor"[0].a', { steps })).toBe(1)
    expect(await evaluateExpression('$exists($steps.constructor) or $exists($status.constructor)', {})).toBe(
      false,
    )
    expect(() => parseExpression('$steps.a.constructor')).toThrow('refused')
    expect(() => parseExpression('$steps.constructor.constructor')).toThrow('refused')
    expect(() => parseExpression('$steps.constructor[constructor = 1]')).toThrow('refused')
  })

  it('lets data have any key, and finds it by $lookup (parse/X2)', async () => {
    const input = JSON.parse('{"constructor": "Williams", "__typename": "Car", "prototype": 1}')
    const text = '{"constructor": $lookup($input, "constructor"), "t": $lookup($input, "__typename")}'
    expect(await evaluateExpression(text, { input })).toEqual({ constructor: 'Williams', t: 'Car' })
  })

  it('says how long a text may be (parse/X1)', () => {
    expect(() => parseExpression(`1${' '.repeat(MAX_EXPRESSION)}`)).toThrow(`the most is ${MAX_EXPRESSION}`)
  })

  it.each([
    ['$sum', 'a function'],
    ['{"a": [function(){1}]}', 'its value.a[0] is a function'],
    ['{"a": 1/0}', 'its value.a is Infinity'],
    ['[0/0]', 'NaN'],
  ])('names what is no data: %s (evaluate/V1)', async (text, what) => {
    await expect(evaluateExpression(text, {})).rejects.toThrow(what)
  })
})

it('says at most 2,000 characters of an error (evaluate/V3)', async () => {
  const error = await evaluateExpression(`$error("${'x'.repeat(9_000)}")`, {}).catch((thrown) => thrown)
  expect(error.message).toMatch(/xxx/)
  expect(error.message.length).toBeLessThanOrEqual(2_000)
})

it('has no $eval (jsonata/B3)', async () => {
  await expect(evaluateExpression('$eval("1")', {})).rejects.toThrow('Attempted to invoke a non-function')
})

it.each([
  '($append := function($a, $b){1}; [1..2000000])',
  '($range := function(){1}; $max := 1e9; [1..2000000])',
])('bounds what is made whatever the names are given to: %s (jsonata/B2)', async (text) => {
  await expect(evaluateExpression(text, {})).rejects.toThrow('more than 1000000 members')
})

async function md5(text: string): Promise<string> {
  const { createHash } = await import('node:crypto')
  return createHash('md5').update(text).digest('hex')
}
