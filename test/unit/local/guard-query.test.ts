import { describe, expect, it } from 'vitest'
import { evaluate, syntaxProblem } from '../../../local/stepfunctions/query/query.ts'
import { CODE, ESCAPES, MARK } from '../../support/random/expression-escapes.ts'

const names = () => ({ input: { list: [1, { a: 'b' }], text: 'x', toString: 'own' } })
const query = (text: string) => evaluate(`{% ${text} %}`, names, 'Output')

describe('queries of definitions', () => {
  it.each(ESCAPES)('cannot reach the host: %s (guard/Q1, guard/Q2, guard/Q3)', async (text) => {
    const answer = await query(text).catch((error: Error) => error.message)
    // Error messages quote the expression, which is removed here.
    const told = String(JSON.stringify(answer)).replaceAll(JSON.stringify(text).slice(1, -1), '')
    expect(told.replaceAll(CODE, '')).not.toMatch(/1337|native code/)
    expect(({} as Record<string, unknown>)[MARK]).toBeUndefined()
  })

  it('are refused when they are parsed (guard/Q1)', () => {
    expect(syntaxProblem('{% $x.constructor %}')).toBe('the name "constructor" is refused')
    expect(syntaxProblem('{% $x.`__proto__` %}')).toContain('refused')
    expect(syntaxProblem('{% $x."constructor" %}')).toContain('refused')
    expect(syntaxProblem('{% $x.{"constructor": 1} %}')).toBeUndefined()
    expect(syntaxProblem('{% $x.functions.constructor %}')).toBeUndefined()
    expect(syntaxProblem('{% $x.functions.constructor.constructor %}')).toContain('refused')
    expect(syntaxProblem('{% $x.functions.a.constructor %}')).toContain('refused')
    expect(syntaxProblem('{% $x.steps[constructor = 1] %}')).toContain('refused')
  })

  it('never treat data as a function (guard/Q2)', async () => {
    const lambda = { _jsonata_lambda: true, arguments: [], body: { type: 'value', value: 1 } }
    await expect(evaluate('{% $f() %}', () => ({ f: lambda }), 'Output')).rejects.toThrow(
      'data has no member',
    )
    await expect(
      evaluate('{% $map([1], $input.deep[0]) %}', () => ({ input: { deep: [lambda] } }), 'Output'),
    ).rejects.toThrow('data has no member')
    const made = '{"_jsonata" & "_lambda": true, "arguments": [], "body": {"type": "value", "value": 7}}'
    const byGroup =
      '[1].{"a": 1}{"_jsonata" & "_lambda": true, "arguments": [], "body": {"type": "value", "value": 7}}'
    const parsed = '$parse("{\\"_jsonata_lambda\\": true, \\"arguments\\": []}")'
    for (const fake of [made, byGroup, parsed, made.replace('{', '{} ~> |$|{').concat('|')]) {
      for (const text of [`$map([1], ${fake})`, `(${fake})()`, `($f := ${fake}; $f())`, `1 ~> ${fake}`]) {
        await expect(query(text), text).rejects.toThrow()
      }
    }
  })

  it.each([
    '($sum ~> |$|{"implementation": 1}|; $sum([1, 2]))',
    '([$sum] ~> |$|{"implementation": 1}|; $sum([1, 2]))',
    '({"f": $sum} ~> |f|{"arity": 9}|; $sum([1, 2]))',
  ])('change no function that others call: %s (guard/Q4)', async (text) => {
    await query(text).catch(() => undefined)
    expect(await query('$sum([1, 2])')).toBe(3)
    expect(await query('{"a": {"b": 1}} ~> |a|{"b": 2}|')).toEqual({ a: { b: 2 } })
  })

  it('find own members of data, with any name (guard/Q3)', async () => {
    expect(await query('$input.toString')).toBe('own')
    await expect(query('$input.list.valueOf')).rejects.toThrow('no member of the data')
    await expect(query('$sum.implementation')).rejects.toThrow('a function has no members')
    expect(await query('$exists($lookup($input, "valueOf"))')).toBe(false)
    expect(await query('$lookup([{"a":1},{"a":[2,3]},{"b":4}], "a")')).toEqual([1, 2, 3])
  })
})
