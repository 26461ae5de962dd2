import { describe, expect, it } from 'vitest'
import { evaluateExpression, resolveExpressions } from '../../../shared/workflow/expressions.ts'

describe('expressions', () => {
  it('keeps the type of a value that is one expression, and puts the others into their text (expressions/E1)', async () => {
    const value = { a: ' {% $input.n + 1 %}\n', b: 'in words: {% $input.n %}', c: [1, '{% $input.s %}'] }
    expect(await resolveExpressions(value, { input: { n: 2, s: 'x' } })).toEqual({
      a: 3,
      b: 'in words: 2',
      c: [1, 'x'],
    })
  })

  it('puts several expressions into a block of text, objects as JSON, nothing for what is not there (expressions/E4)', async () => {
    const prompt = `Summarise {% $input.title %} for {% $input.reader %}{% $input.none %}{% null %}:
{% $input.rows %}
Answer {% $input.n %} sentences{%% and {% "%}" %}.`
    const input = { title: 'it', reader: 'me', rows: [{ a: 1.5 }, 'x', null], n: 0.1 }
    expect(await resolveExpressions(prompt, { input })).toBe(`Summarise it for me:
[{"a":1.5},"x",null]
Answer 0.1 sentences{% and %}.`)
  })

  it('refuses a text that becomes too long, and says where (expressions/E5)', async () => {
    const value = { prompt: 'a{% $input.long %}{% $input.long %}' }
    await expect(resolveExpressions(value, { input: { long: 'x'.repeat(2_000_000) } })).rejects.toMatchObject(
      {
        name: 'InvalidInputError',
        message: 'prompt: a text of 4000001 characters; with its expressions it has at most 4000000',
      },
    )
  })

  it('says which of several expressions of a text failed', async () => {
    await expect(
      resolveExpressions({ x: '{% 1 %} and {% $input.a + "b" %}' }, { input: { a: 1 } }),
    ).rejects.toThrow(/^expression \{% \$input\.a \+ "b" %\} at x: /)
  })

  it.each([
    ['a recursion without end', '($f := function($x){1 + $f($x + 1)}; $f(0))', /without end/],
    ['a loop without end', '($f := function($x){$f($x + 1)}; $f(0))', /without end/],
    [
      'a loop that binds over what might watch it',
      '($__budget := 1; $f := function($x){$f($x)}; $f(0))',
      /refused/,
    ],
  ])('stops %s (expressions/E2)', async (_name, text, reason) => {
    await expect(evaluateExpression(text, {})).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(reason),
    })
  })

  it('does not count width as depth (expressions/E2)', async () => {
    const members = Array.from({ length: 500 }, (_, index) => `"k${index}": $string(${index})`).join(', ')
    expect(Object.keys((await evaluateExpression(`{${members}}`, {})) as object)).toHaveLength(500)
  })

  it.each([200, 201, 2_000])('groups over %i customers (expressions/E2)', async (count) => {
    const rows = Array.from({ length: count }, (_, index) => ({ customer: `c${index}`, amount: index }))
    const sums = await evaluateExpression('$input.rows{customer: $sum(amount)}', { input: { rows } })
    expect(Object.keys(sums as object)).toHaveLength(count)
  })

  it('keeps budgets of overlapping evaluations apart (expressions/E2)', async () => {
    const text = '$sum($map([1..200], function($x){$length($string($x))}))'
    const results = await Promise.all(Array.from({ length: 20 }, () => evaluateExpression(text, {})))
    expect(new Set(results)).toEqual(new Set([492]))
  })

  it('has no $eval, and cannot change what it is given (expressions/E3)', async () => {
    await expect(evaluateExpression('$eval("1")', {})).rejects.toThrow(/non-function/)
    await expect(evaluateExpression('$exists($eval)', {})).resolves.toBe(false)
    // `[]` marks the array that it is applied to, which on a frozen array would throw.
    const list = [3]
    Object.freeze(list)
    const names = Object.freeze({ input: Object.freeze({ list }) })
    expect(await evaluateExpression('$input.list[]', names)).toEqual([3])
  })

  it('leaves undefined members out (expressions/E4)', async () => {
    expect(
      await resolveExpressions({ a: '{% $input.none %}', b: ['{% $input.none %}'] }, { input: {} }),
    ).toEqual({
      b: [null],
    })
  })

  it('says which expression failed and why', async () => {
    await expect(
      resolveExpressions({ x: { y: '{% $input.a + "b" %}' } }, { input: { a: 1 } }),
    ).rejects.toThrow(/expression \{% \$input\.a \+ "b" %\} at x\.y: /)
  })
})
