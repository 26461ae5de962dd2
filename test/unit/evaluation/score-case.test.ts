import { describe, expect, it } from 'vitest'
import type { Case } from '../../../cli/evaluate/cases.ts'
import { scoreCase } from '../../../cli/evaluate/score-case.ts'
import type { Json } from '../../../shared/domain/json.ts'

const score = (one: Partial<Case>, result: Json, more = {}) =>
  scoreCase({ id: 'a', input: { n: 1 }, tags: [], ...one }, { status: 'succeeded', result, ...more })

describe('what is expected', () => {
  it.each<[Json, Json, number, string | undefined]>([
    [{ label: 'bug', urgent: true }, { label: 'bug', urgent: true, engine: 'x' }, 1, undefined],
    [
      { label: 'bug', urgent: true },
      { label: 'bug', urgent: false },
      0.5,
      'urgent is false; expected is true',
    ],
    [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, 0.5, 'a.b[1] is 3; expected is 2'],
    [{ a: { b: [1, 2] } }, {}, 0, 'a.b[0] is nothing; expected is 1'],
    [[1], [1, 2], 0.5, 'the output has 2 members; expected are 1'],
    ['text', 'text', 1, undefined],
    ['text', 'Text', 0, 'the output is "Text"; expected is "text"'],
    [null, null, 1, undefined],
    [{ a: null }, {}, 0, 'a is nothing; expected is null'],
    [[], [], 1, undefined],
    [[], [1], 0, 'the output is [1]; expected is []'],
    [{}, { any: 1 }, 1, undefined],
    [{}, [], 0, 'the output is []; expected is {}'],
    [{ length: 1 }, ['x'], 0, 'length is nothing; expected is 1'],
    [{ constructor: 1 }, {}, 0, 'constructor is nothing; expected is 1'],
  ])('%j, of %j, is %d', async (expected, output, share, reason) => {
    const { score: found, checks = [] } = await score({ expected }, output)
    expect([found, checks[0]?.reason]).toEqual([share, reason])
  })
})

describe('a case', () => {
  it('has the mean of its checks, and of what the workflow says itself', async () => {
    const rules = { more: '{% $output > $input.n %}', same: '{% $output = $expected %}' }
    const evaluation = { score: 0.2, checks: [] }
    expect(await score({ expected: 3, rules, schema: { type: 'number' } }, 2, { evaluation })).toMatchObject({
      score: 0.44,
      checks: [
        { name: 'expected', score: 0 },
        { name: 'schema', score: 1 },
        { name: 'more', score: 1 },
        { name: 'same', score: 0 },
        { name: 'evaluate', score: 0.2 },
      ],
    })
  })

  it('of which nothing is asked has 1 where its task succeeds', async () => {
    expect(await score({}, null)).toMatchObject({ score: 1 })
  })

  it('has 0 where its task does not succeed, and says why', async () => {
    const error = { name: 'AgentFailedError', message: 'no' }
    const ended = { status: 'failed' as const, error }
    expect(await scoreCase({ id: 'a', input: {}, tags: [], expected: null }, ended)).toMatchObject({
      score: 0,
      checks: [{ name: 'succeeds', reason: 'AgentFailedError: no' }],
    })
  })
})
