import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FilePathSchema } from '../../../shared/domain/file-reference.ts'
import { startIsolated } from '../../support/cloud/isolated.ts'

let isolated: Awaited<ReturnType<typeof startIsolated>>
beforeAll(async () => {
  isolated = await startIsolated()
})
afterAll(() => isolated.stop())

/** An expression whose value is a JavaScript function. */
const CLOSURE = '$append(function($x){42}, [])[0]'

describe('what JSONata lets an expression reach', () => {
  it.each([
    `({} ~> |$sum|{"implementation": ${CLOSURE}}|; 1)`,
    `({} ~> |[$sum]|{"implementation": ${CLOSURE}}|; 1)`,
    `($clone := function($x){$x}; [$sum] ~> |$|{"implementation": ${CLOSURE}}|; 1)`,
    '({} ~> |$sum|{}, ["signature"]|; 1)',
    '($f := function($x){$x}; {} ~> |$f|{"body": {"type": "string", "value": "a"}}|; $f(1))',
  ])('changes no function: %s (jsonata/B4, evaluate/V2)', async (text) => {
    expect(await isolated.one(text)).toMatchObject({ error: expect.stringContaining('no function') })
    expect(await isolated.one('$sum([1,2])')).toEqual({ value: 3 })
  })

  it('never treats data as a function, from variables or $parse', async () => {
    const fake = { _jsonata_lambda: true, arguments: [], body: { type: 'string', value: 'a' } }
    const error = 'data has no member "_jsonata_lambda"'
    expect(await isolated.one('$x()', { x: fake })).toMatchObject({ error: expect.stringContaining(error) })
    expect(await isolated.one('$parse($x)()', { x: JSON.stringify(fake) })).toMatchObject({
      error: expect.stringContaining(error),
    })
    const escaped = JSON.stringify(fake).replace('_jsonata_lambda', '_jsonata\\u005flambda')
    expect(await isolated.one('$parse($x)()', { x: escaped })).toMatchObject({
      error: expect.stringContaining(error),
    })
  })

  it('ends an evaluation that can never settle, at once (isolation/I1)', async () => {
    const began = performance.now()
    const answer = await isolated.one(`{"then": ${CLOSURE}}`)
    expect(answer).toMatchObject({ error: 'it waits for what never comes' })
    expect(performance.now() - began).toBeLessThan(5_000)
  })

  it('reports thrown values that are not texts, and continues', async () => {
    const thrown =
      '{"then": $append(function($a, $b){ $b({"message": {"toString": 1, "valueOf": 1}}) }, [])[0]}'
    expect(await isolated.one(thrown)).toMatchObject({ error: expect.any(String) })
    expect(await isolated.one('1+1')).toEqual({ value: 2 })
  })

  it('counts the indentation of a text of many lines', async () => {
    const text = '($n := function($a,$k){$k=0?$a:$n({"a":$a},$k-1)}; $string($n([1..20000],900),true))'
    expect(await isolated.one(text)).toMatchObject({ error: expect.stringContaining('16000000') })
  })

  it.each([
    '[Y9,999,268435440-268435440]',
    '[Y9,999, 26 8435440]',
    '[D1o,*-268435440]',
    '[[[Y9,999,268435440]',
  ])('pads no part of a time to any width: %s (jsonata/B1)', async (picture) => {
    const error = expect.stringContaining('at most 1000')
    expect(await isolated.one('$fromMillis(1, $p)', { p: picture })).toMatchObject({ error })
    expect(await isolated.one('$now($p)', { p: picture })).toMatchObject({ error })
    expect(
      await isolated.one('$fromMillis($millis()) = $now() and $now("[Y]") = $fromMillis($millis(), "[Y]")'),
    ).toEqual({ value: true })
    expect(await isolated.one('$fromMillis(1, "[Y0001]-[MNn,3-3]-[D01,2]")')).toEqual({
      value: '1970-Jan-01',
    })
  })

  it('still transforms data', async () => {
    const text = '$x ~> |a|{"c": 2}, ["b"]|'
    expect(await isolated.one(text, { x: { a: { b: 1 } } })).toEqual({ value: { a: { c: 2 } } })
  })
})

it('refuses the variable that an S3 form upload would replace in a path', () => {
  expect(FilePathSchema.safeParse('${filename}').success).toBe(false)
})
