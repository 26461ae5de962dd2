import { describe, expect, it } from 'vitest'
import { chooseAgent, type Knowledge } from '../../../shared/selector/choose-agent.ts'
import { noSums } from '../../../shared/selector/decayed-counters.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'

const cheap = makeAgent({ id: 'cheap', price: { perCallUsd: 0.001 } })
const dear = makeAgent({ id: 'dear', price: { perCallUsd: 0.01 } })
const request = { stepId: 's', capability: 'work.do', agents: [dear, cheap], seed: 'task s' }

/** The statistics of an agent: its calls, how many succeeded, and the duration of each. */
function known(calls: number, well: number, seconds = 1, more: Partial<Knowledge> = {}): Knowledge {
  const sums = {
    ...noSums(),
    count: calls,
    calls,
    quality: well,
    failures: calls - well,
    latencySeconds: calls * seconds,
  }
  return { sums, overall: sums, inflight: 0, ...more }
}

const chosenBy = (more: Partial<Parameters<typeof chooseAgent>[0]>) =>
  chooseAgent({ ...request, ...more }).agent?.id

describe('chooseAgent', () => {
  it('prefers the agent with the better record, and records the reason and the other candidates’ scores', () => {
    const knowledge = new Map([
      ['cheap', known(200, 20)],
      ['dear', known(200, 190)],
    ])
    const selection = chooseAgent({ ...request, knowledge })
    expect(selection).toMatchObject({
      agent: { id: 'dear' },
      decision: {
        chosen: 'dear',
        seed: 'task s',
        expectedQuality: expect.closeTo(0.525, 2),
        reason: expect.stringMatching(
          /^best score: 0\.\d\d \(quality 0\.9\d, .* USD, 1\.0 s\) against .* of cheap$/,
        ),
        candidates: [
          {
            agentId: 'dear',
            eligible: true,
            score: { total: expect.any(Number), quality: expect.any(Number) },
          },
          { agentId: 'cheap', eligible: true, score: { seconds: 1 } },
        ],
      },
    })
  })

  it('weighs money, time and quality as the step prefers', () => {
    const knowledge = new Map([
      ['cheap', known(200, 120, 20)],
      ['dear', known(200, 190, 1)],
    ])
    expect(chosenBy({ knowledge, prefer: { quality: 0, cost: 1, latency: 0 } })).toBe('cheap')
    expect(chosenBy({ knowledge, prefer: { quality: 0, cost: 0, latency: 1 } })).toBe('dear')
    expect(chosenBy({ knowledge, prefer: { quality: 1, cost: 0, latency: 0 } })).toBe('dear')
  })

  it('spares an agent at its concurrency limit', () => {
    const limited = { timeoutSeconds: 60, memoryMb: 512, maxConcurrency: 2 }
    const agents = [makeAgent({ id: 'busy', limits: limited }), makeAgent({ id: 'free', limits: limited })]
    const knowledge = new Map([
      ['busy', known(200, 190, 8, { inflight: 20 })],
      ['free', known(200, 190, 8)],
    ])
    expect(chosenBy({ agents, knowledge })).toBe('free')
  })

  it('lists the candidates, eligible or not, each with its reason', () => {
    const agents = [
      cheap,
      makeAgent({ id: 'old', status: 'inactive' }),
      makeAgent({ id: 'else', capability: 'other' }),
      makeAgent({ id: 'untagged' }),
      makeAgent({ id: 'theirs', tags: ['eu'], tenants: ['them'] }),
      makeAgent({ id: 'costly', tags: ['eu'], price: { perCallUsd: 0, mostUsd: 3.012345678 } }),
      makeAgent({ id: 'slow', tags: ['eu'] }),
      makeAgent({ id: 'broken', tags: ['eu'] }),
      makeAgent({ id: 'good', tags: ['eu'] }),
    ]
    const knowledge = new Map([
      ['slow', known(9, 9, 50, { p90Seconds: 63 })],
      ['broken', known(9, 1, 1, { refusal: 'has failed again and again; not asked for 20 s' })],
    ])
    const selection = chooseAgent({
      ...request,
      agents,
      knowledge,
      prefer: { tags: ['eu'] },
      tenant: 'us',
      left: { usd: 2, seconds: 30 },
    })
    expect(selection.agent?.id).toBe('good')
    const reasons = Object.fromEntries(
      (selection.agent ? selection.decision.candidates : []).map(({ agentId, reason }) => [agentId, reason]),
    )
    expect(reasons).toEqual({
      cheap: 'has not the tag "eu"',
      old: 'is inactive',
      untagged: 'has not the tag "eu"',
      theirs: 'does not work for tenant us',
      costly: 'may cost 3.01235 USD, and 2 USD are left',
      slow: 'takes 63 s in one of ten calls, and 30 s are left',
      broken: 'has failed again and again; not asked for 20 s',
      good: 'eligible',
    })
  })

  it('obeys a pin, with its version', () => {
    expect(chosenBy({ pinned: 'dear' })).toBe('dear')
    expect(chosenBy({ pinned: 'dear@1' })).toBe('dear')
    expect(chosenBy({ pinned: 'dear@1.0' })).toBe('dear')
    expect(chosenBy({ pinned: 'dear@1.0.1' })).toBe(undefined)
    expect(chooseAgent({ ...request, pinned: 'dear@9.9.9' })).toEqual({
      refusals: [
        { agentId: 'dear', kind: 'unfit', reason: 'the step pins dear@9.9.9, this is version 1.0.0' },
        { agentId: 'cheap', kind: 'unfit', reason: 'the step pins dear@9.9.9' },
      ],
    })
  })

  it('lists only the pinned agent if the step names no capability, and marks ineligible agents', () => {
    const agents = [cheap, dear, makeAgent({ id: 'old', status: 'inactive' })]
    const decisionOf = (more: object) => {
      const selection = chooseAgent({ ...request, agents, ...more })
      return selection.agent && selection.decision.candidates.map(({ agentId, unfit }) => [agentId, unfit])
    }
    expect(decisionOf({ capability: undefined, pinned: 'cheap' })).toEqual([['cheap', undefined]])
    expect(decisionOf({ excluded: new Map([['cheap', 'failed']]) })).toEqual([
      ['cheap', undefined],
      ['dear', undefined],
      ['old', true],
    ])
    expect(decisionOf({ left: { usd: 0.005 } })).toEqual([
      ['cheap', undefined],
      ['dear', true],
      ['old', true],
    ])
  })

  it('takes a busy agent only where no other is left, and only if the step may wait', () => {
    const busy = known(9, 9, 1, { refusal: 'is at its limit of 1 calls at once' })
    const one = new Map([['cheap', busy]])
    expect(chosenBy({ knowledge: one })).toBe('dear')
    const both = new Map([
      ['cheap', busy],
      ['dear', busy],
    ])
    expect(chosenBy({ knowledge: both, prefer: { quality: 0, cost: 1, latency: 0 } })).toBe('cheap')
    expect(chosenBy({ knowledge: both, mayWait: false })).toBe(undefined)
  })

  it('rules out an agent that may exceed the rest of the budget, by its declared or observed cost', () => {
    const declared = makeAgent({ id: 'declared', price: { perCallUsd: 0, mostUsd: 0.02, mostTokens: 500 } })
    const learnt = new Map([['cheap', known(9, 9, 1, { p90CostUsd: 0.03 })]])
    const only = { agents: [declared], knowledge: new Map([['declared', known(9, 9, 1, { p90CostUsd: 1 })]]) }
    expect(chosenBy({ ...only, left: { usd: 0.02, tokens: 500 } })).toBe('declared')
    expect(chosenBy({ ...only, left: { usd: 0.019 } })).toBe(undefined)
    expect(chosenBy({ ...only, left: { tokens: 499 } })).toBe(undefined)
    expect(chosenBy({ agents: [cheap], knowledge: learnt, left: { usd: 0.02 } })).toBe(undefined)
    expect(chosenBy({ agents: [cheap], knowledge: learnt, left: { usd: 0.03 } })).toBe('cheap')
  })

  it('does not choose an agent that failed the step', () => {
    expect(chosenBy({ excluded: new Map([['cheap', 'failed this step: boom']]) })).toBe('dear')
  })

  it('explores unknown agents now and then, and gives an equal choice for an equal seed, in any order', () => {
    const twins = [makeAgent({ id: 'b' }), makeAgent({ id: 'a' })]
    const chosen = Array.from({ length: 40 }, (_, at) => {
      const one = chosenBy({ agents: twins, seed: `task ${at}` })
      expect(chosenBy({ agents: twins.toReversed(), seed: `task ${at}` })).toBe(one)
      return one
    })
    expect(chosen.filter((id) => id === 'a').length).toBeGreaterThan(8)
    expect(chosen.filter((id) => id === 'b').length).toBeGreaterThan(8)
  })
})
