import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluateHere } from '../../../shared/workflow/evaluator.ts'
import { FUNCTIONS, JSONATA_FUNCTIONS } from '../../../shared/workflow/expression-functions.ts'
import { startIsolated } from '../../support/cloud/isolated.ts'
import { ESCAPES, MARK } from '../../support/random/expression-escapes.ts'

const SECRET = 'the-secret-of-the-process'

let isolated: Awaited<ReturnType<typeof startIsolated>>
beforeAll(async () => {
  process.env.ORCHESTRATOR_TEST_SECRET = SECRET
  isolated = await startIsolated()
})
afterAll(async () => {
  delete process.env.ORCHESTRATOR_TEST_SECRET
  await isolated.stop()
})

const names = { input: { list: [1, { a: 'b' }], text: 'x' } }

async function both(text: string): Promise<unknown[]> {
  const asked = { text, names: JSON.stringify(names) }
  return [await evaluateHere([asked]), await isolated.evaluator([asked])]
}

describe('the realm of expressions', () => {
  it('is tested with more than forty escapes', () => {
    expect(new Set(ESCAPES).size).toBeGreaterThan(100)
  })

  it.each(ESCAPES)('does not allow the escape: %s (expressions/E3, isolation/I4)', async (text) => {
    for (const answer of await both(text)) {
      const told = JSON.stringify(answer)
      expect(told).not.toMatch(/1337|native code|function\s*\(|=>/)
      expect(told).not.toContain(SECRET)
    }
    for (const inheriting of [{}, []]) expect(Reflect.get(inheriting, MARK)).toBeUndefined()
    for (const answer of await both(
      `[$lookup({}, "${MARK}"), $string({}), $count([1,2]), $uppercase("a")]`,
    )) {
      expect(answer).toEqual({ results: ['["{}",2,"A"]'] })
    }
  })

  it('knows the functions that are documented, and no other variable', async () => {
    const source = readFileSync(createRequire(import.meta.url).resolve('jsonata'), 'utf8')
    const bound = [...source.matchAll(/(?:staticFrame|environment)\.bind\('([^']+)'/g)].map(
      ([, name]) => name,
    )
    const known = [...JSONATA_FUNCTIONS, 'eval'].sort()
    expect([...new Set(bound)].sort()).toEqual(known)
    const candidates = [...FUNCTIONS, ...Object.getOwnPropertyNames(globalThis), ...namesOfIntrinsics()]
    for (const name of new Set(candidates)) {
      if (!/^[A-Za-z_]\w*$/.test(name) || name.startsWith('__')) continue
      const text = `$type($${name})`
      const answer = await isolated.one(text)
      if (FUNCTIONS.has(name)) expect(answer, name).toEqual({ value: 'function' })
      else if ('value' in answer) expect(answer, name).toEqual({ value: undefined })
      else expect(answer.error, name).toContain('refused')
    }
  }, 60_000)

  it('gives access to own members only, for any name', async () => {
    const values = [
      '""',
      '1',
      'true',
      'null',
      '[1]',
      '{"a":1}',
      '$sum',
      'function(){1}',
      '/a/',
      '$now',
      '$substring(?,1)',
      '$uuid',
    ]
    const looked = namesOfIntrinsics()
      .map((name) => JSON.stringify(name))
      .join(',')
    for (const value of values) {
      const text = `[${looked}].($n := $; $x := $lookup(${value}, $n); $exists($x) ? $n)`
      expect(await isolated.one(text), value).toEqual({ value: undefined })
    }
  })

  it('gives no access to members of functions by a path', async () => {
    const walked = namesOfIntrinsics().filter((name) => /^[A-Za-z]\w*$/.test(name))
    for (const name of walked) {
      for (const value of ['$sum', '(function(){1})', '""', '[1]', '{}', '$match("a",/a/)']) {
        const answer = await isolated.one(`$exists(${value}.${name})`)
        if ('error' in answer) expect(answer.error).toContain('refused')
        else if (value !== '$match("a",/a/)') expect(answer, `${value}.${name}`).toEqual({ value: false })
      }
    }
  }, 120_000)
})

/** Every member name of the language's built-in objects and their prototypes, and of JSONata's functions. */
function namesOfIntrinsics(): string[] {
  const values = [
    Object,
    Function,
    Array,
    String,
    Number,
    Boolean,
    RegExp,
    Date,
    Error,
    Promise,
    Symbol,
    Map,
    Set,
    Proxy,
    Reflect,
    JSON,
    Math,
  ]
  const holders = values.flatMap((value) => ['prototype' in value ? value.prototype : value, value])
  const own = [
    'implementation',
    'signature',
    'environment',
    'body',
    'arguments',
    'input',
    'lookup',
    'base',
    'next',
  ]
  return [...new Set([...holders.flatMap((holder) => Object.getOwnPropertyNames(holder ?? {})), ...own])]
}
