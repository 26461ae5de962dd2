import { describe, expect, it, vi } from 'vitest'
import { evaluationOf } from '../../../shared/domain/evaluation.ts'
import type { Json } from '../../../shared/domain/json.ts'
import { checkOutput } from '../../../shared/workflow/evaluation/check-output.ts'
import { cpuMilliseconds } from '../../support/runner/cpu-time.ts'

const OUTPUT = { text: 'Refunds take ten days.', count: 3, score: 0.25 }
const rule = async (text: string, output: Json = OUTPUT) => {
  const names = { stepInput: { most: 5 } }
  const [check] = await checkOutput({ rules: { it: text } }, { output, names })
  return check
}

describe('a rule', () => {
  it.each([
    ['{% $output.count > 2 %}', 1, undefined],
    ['{% $output.count < $stepInput.most %}', 1, undefined],
    ['{% $output.count > 3 %}', 0, undefined],
    ['{% $output.score %}', 0.25, undefined],
    ['{% 0 %}', 0, undefined],
    ['{% $output.missing %}', 0, 'it finds nothing'],
    ['{% null %}', 0, 'it finds nothing'],
    ['{% $output.count %}', 0, 'it is 3; a rule is true, false, or a number from 0 to 1'],
    ['{% -0.5 %}', 0, 'it is -0.5; a rule is true, false, or a number from 0 to 1'],
    ['{% "yes" %}', 0, 'it is "yes"; a rule is true, false, or a number from 0 to 1'],
  ])('%s has the score %d', async (text, score, reason) => {
    expect(await rule(text)).toEqual({ kind: 'rule', name: 'it', score, ...(reason && { reason }) })
  })

  it('that cannot be evaluated has failed, and says why (output-checks/V1)', async () => {
    expect(await rule('{% $number($output.text) > 1 %}')).toEqual({
      kind: 'rule',
      name: 'it',
      score: 0,
      reason: expect.stringMatching(/^it cannot be evaluated: Unable to cast value to a number: /),
    })
  })

  it.each([[null], [[]], ['text'], [0], [{ text: 5 }]])(
    'has a score whatever the output is: %j (output-checks/V1)',
    async (output) => {
      expect(await rule('{% $length($output.text) > 2 %}', output)).toMatchObject({ score: 0 })
    },
  )
})

it('no rule begins when those before it have taken five seconds (output-checks/V3)', async () => {
  const clock = vi.spyOn(performance, 'now')
  let seconds = 0
  clock.mockImplementation(() => {
    seconds += 2
    return 1_000 * seconds
  })
  const rules = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, '{% true %}']))
  const checks = await checkOutput({ rules }, { output: OUTPUT, names: {} }).finally(() =>
    clock.mockRestore(),
  )
  expect(checks.map(({ name, score }) => [name, score])).toContainEqual(['a', 1])
  expect(checks.at(-1)).toMatchObject({
    name: 'd',
    score: 0,
    reason: expect.stringContaining('not evaluated'),
  })
})

describe('the schema of evaluate', () => {
  const schema = { type: 'object', properties: { text: { type: 'string', maxLength: 5 } } }
  const check = async (output: Json) => (await checkOutput({ schema }, { output, names: {} }))[0]

  it('has the score 1 for an output that fits', async () => {
    expect(await check({ text: 'short' })).toEqual({ kind: 'schema', name: 'schema', score: 1 })
  })

  it('has 0 for one that does not, and says where and what', async () => {
    expect(await check({ text: 'too long' })).toEqual({
      kind: 'schema',
      name: 'schema',
      score: 0,
      reason: 'text: text is "too long"; it must be text of at most 5 characters',
    })
  })
})

describe('citations', () => {
  const passages = [
    { citation: 1, source: 'a.md', text: 'A refund is paid within\nten days of the request.' },
    { citation: 2, source: 'b.md', text: 'Gifts are never refunded.' },
  ]
  const check = async (quotes: Json, given: Json = passages) => {
    const citations = { quotes: '{% $output.quotes %}', passages: '{% $output.passages %}' }
    const output = { quotes, passages: given }
    return (await checkOutput({ citations }, { output, names: {} }))[0]
  }

  it.each<[string, Json, number]>([
    ['stands in its passage', [{ citation: 1, quote: 'paid within ten days' }], 1],
    ['stands in another passage', [{ citation: 2, quote: 'paid within ten days' }], 0],
    ['names its passage by the source', [{ source: 'b.md', quote: 'never refunded' }], 1],
    ['names no passage', ['paid within ten days'], 1],
    ['is alone, and no list', { citation: 2, quote: 'Gifts are never' }, 1],
    ['changes a word', ['paid within two days'], 0],
    ['is too short to say anything', ['A'], 0],
    ['is empty', [''], 0],
    ['is none', [{ citation: 1 }], 0],
    ['names a passage that is not there', [{ citation: 3, quote: 'Gifts are never' }], 0],
    ['is absent', [], 1],
  ])('a quotation that %s (output-checks/V2)', async (_what, quotes, score) => {
    expect(await check(quotes)).toMatchObject({ kind: 'citations', name: 'citations', score })
  })

  it('have the share that stands as their score, and name those that do not', async () => {
    const quotes = ['paid within ten days', 'Gifts are never', 'never at all', 'nowhere to be found']
    expect(await check(quotes)).toEqual({
      kind: 'citations',
      name: 'citations',
      score: 0.5,
      reason: '2 of 4 do not stand in their passage: "never at all", "nowhere to be found"',
    })
  })

  it('are told in time where there are many: each text is read once', async () => {
    const many = Array.from({ length: 2_000 }, (_, n) => ({ text: `${n} ${'some words of it '.repeat(12)}` }))
    const quotes = many.map((_, n) => ({ quote: `not in it ${n}` }))
    const begun = cpuMilliseconds()
    expect(await check(quotes, many)).toMatchObject({ score: 0 })
    expect(cpuMilliseconds() - begun).toBeLessThan(5_000)
  }, 60_000)

  it('take passages that are texts', async () => {
    expect(await check(['the whole'], ['the whole text'])).toMatchObject({ score: 1 })
  })
})

it('checks the schema first, then citations, then rules in their order', async () => {
  const checks = await checkOutput(
    {
      rules: { second: '{% true %}', first: '{% false %}' },
      citations: { quotes: '{% [] %}', passages: '{% [] %}' },
      schema: {},
    },
    { output: 1, names: {} },
  )
  expect(checks.map(({ name, score }) => [name, score])).toEqual([
    ['schema', 1],
    ['citations', 1],
    ['second', 1],
    ['first', 0],
  ])
})

it('rounds scores to what a table of numbers takes, and bounds reasons', () => {
  const check = { kind: 'rule' as const, name: 'it', score: 5e-324, reason: 'x'.repeat(10_000) }
  const { score, checks = [] } = evaluationOf([check, { ...check, score: 1 / 3 }])
  expect([score, ...checks.map((one) => one.score)]).toEqual([0.1667, 0, 0.3333])
  expect(checks[0]?.reason?.length).toBeLessThanOrEqual(300)
})
