import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { remembering } from '../../../local/dynamodb/remember-expressions.ts'

type Parser = { parse: Parameters<typeof remembering>[0] }
const require = createRequire(import.meta.url)
const parsers = {
  condition: require('dynalite/db/conditionParser') as Parser,
  update: require('dynalite/db/updateParser') as Parser,
}

type Request = { names?: Record<string, string>; values?: Record<string, Record<string, unknown>> }

/** Calls the parser as dynalite does: names and values left unused are an error of the request. */
function outcomeOf(parse: Parser['parse'], expression: string, { names, values }: Request) {
  const unused = (all: object = {}): Record<string, true> =>
    Object.fromEntries(Object.keys(all).map((name) => [name, true]))
  const context = {
    attrNames: names,
    attrVals: values,
    unusedAttrNames: unused(names),
    unusedAttrVals: unused(values),
    isReserved: () => false,
    compare: (how: string, a: { N?: string }, b: { N?: string }) => how === 'GT' && Number(a.N) > Number(b.N),
  }
  const left = () => [Object.keys(context.unusedAttrNames), Object.keys(context.unusedAttrVals)]
  try {
    return { parsed: parse(expression, { context }), left: left() }
  } catch (error) {
    return { parsed: String(error), left: left() }
  }
}

const N = (value: number) => ({ N: String(value) })
const S = (value: string) => ({ S: value })

/** An expression, then requests with it. */
const CASES: readonly [kind: keyof typeof parsers, expression: string, requests: readonly Request[]][] = [
  [
    'condition',
    'attribute_not_exists(pk) OR (#f < :f AND NOT (#s IN (:a, :b)))',
    [
      { names: { '#f': 'fence', '#s': 'status' }, values: { ':f': N(1), ':a': S('x'), ':b': S('y') } },
      { names: { '#f': 'fence', '#s': 'status' }, values: { ':f': N(2), ':a': S('z'), ':b': S('y') } },
      { names: { '#f': 'other', '#s': 'status' }, values: { ':f': N(2), ':a': S('z'), ':b': S('y') } },
      { names: { '#f': 'fence', '#s': 'status' }, values: { ':f': N(1), ':a': S('x') } },
      { names: { '#f': 'fence' }, values: { ':f': N(1), ':a': S('x'), ':b': S('y') } },
    ],
  ],
  [
    'condition',
    'begins_with(#n, :p) AND size(#n) > :most',
    [
      { names: { '#n': 'name' }, values: { ':p': S('a'), ':most': N(1) } },
      { names: { '#n': 'name' }, values: { ':p': N(1), ':most': N(1) } },
      { names: { '#n': 'name' }, values: { ':p': S('b'), ':most': N(7), ':unused': N(1) } },
      { names: { '#n': 'name', '#unused': 'u' }, values: { ':p': S('b'), ':most': N(7) } },
    ],
  ],
  [
    'condition',
    'a BETWEEN :low AND :high',
    [{ values: { ':low': N(1), ':high': N(2) } }, { values: { ':low': N(3), ':high': N(2) } }],
  ],
  [
    'condition',
    'attribute_type(a, :type)',
    [{ values: { ':type': S('N') } }, { values: { ':type': S('nonsense') } }],
  ],
  [
    'update',
    'SET #a.b[0] = if_not_exists(c, :zero) + :n, l = list_append(l, :list) REMOVE r ADD s :set',
    [1, 2, 3].map((n) => ({
      names: { '#a': 'a' },
      values: { ':zero': N(0), ':n': N(n), ':list': { L: [N(n)] }, ':set': { SS: [`s${n}`] } },
    })),
  ],
  [
    'update',
    'SET a = a + :n',
    [{ values: { ':n': N(1) } }, { values: { ':n': S('no number') } }, { values: { ':n': N(2) } }],
  ],
  ['update', 'SET a = :v, a.b = :v', [{ values: { ':v': N(1) } }, { values: { ':v': N(2) } }]],
  ['update', 'SET a = = :v', [{ values: { ':v': N(1) } }, { values: { ':v': N(2) } }]],
]

describe('a cached expression', () => {
  it.each(CASES)(
    '%s %j gives the same result as dynalite every time (remembered/E1)',
    (kind, expression, requests) => {
      const parse = remembering(parsers[kind].parse)
      for (const request of [...requests, ...requests]) {
        expect(outcomeOf(parse, expression, request)).toEqual(
          outcomeOf(parsers[kind].parse, expression, request),
        )
      }
    },
  )

  it('is parsed once for the same names and types, and its answers share nothing (remembered/E2)', () => {
    let parsed = 0
    const parse = remembering((expression, options) => {
      parsed += 1
      return parsers.update.parse(expression, options)
    })
    const answers = [1, 2, 3].map((n) => outcomeOf(parse, 'SET a = :n', { values: { ':n': N(n) } }).parsed)
    expect(parsed).toBe(1)
    const text = JSON.stringify(answers[1])
    for (const answer of [answers[0], answers[2]]) spoil(answer)
    expect(JSON.stringify(answers[1])).toBe(text)
    expect(outcomeOf(parse, 'SET a = :n', { values: { ':n': N(2) } }).parsed).toEqual(answers[1])
    expect(parsed).toBe(1)
  })

  it('is parsed each time where two names stand for one object, or where it is refused (remembered/E2)', () => {
    const parse = remembering(parsers.condition.parse)
    const same = N(1)
    outcomeOf(parse, 'a = :a OR b = :b', { values: { ':a': same, ':b': same } })
    const asked = { values: { ':a': N(1), ':b': N(2) } }
    expect(outcomeOf(parse, 'a = :a OR b = :b', asked)).toEqual(
      outcomeOf(parsers.condition.parse, 'a = :a OR b = :b', asked),
    )
  })
})

/** Modifies every part of an object, to show that it is not shared. */
function spoil(part: unknown): void {
  if (typeof part !== 'object' || part === null) return
  for (const [name, member] of Object.entries(part)) {
    spoil(member)
    ;(part as Record<string, unknown>)[name] = 'spoilt'
  }
}
