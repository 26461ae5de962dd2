import { describe, expect, it } from 'vitest'
import { failoverFacts } from '../../../shared/domain/failure-facts.ts'
import { inPlaceOf } from '../../../shared/domain/in-place-of.ts'
import { testWorkflow } from '../../../testing/index.ts'

const step = { capability: 'price.find', fallback: ['price.guess'], retry: { maxAttempts: 2 } }
const AGENTS = {
  'price.find': { fails: 'AgentRetryableError' },
  'price.guess': { output: 'guessed' },
}

describe('a failover', () => {
  it.each([{ bind: 'early' }, { bind: 'late' }])('is told with its reason: $bind', async (bound) => {
    const run = await testWorkflow({ name: 'w', steps: { s: { ...step, ...bound } } }, { agents: AGENTS })
    const [planned = ''] = run.steps.s?.attempts.map(({ agentId }) => agentId) ?? []
    expect(run.steps.s).toMatchObject({
      status: 'succeeded',
      inPlaceOf: [{ agentId: planned, why: expect.stringContaining('failed this step') }],
      reason: expect.stringMatching(new RegExp(`^a fallback, in place of ${planned} \\(failed this step: `)),
    })
    const started = run.events.filter(({ type }) => type === 'step.started')
    expect(started.map(({ data }) => data.reason)).toEqual([undefined, undefined, run.steps.s?.reason])
  })

  it('is told of an agent that is at its limit', async () => {
    const price = { capabilities: ['price.find'], output: 'real', seconds: 30, limits: { maxConcurrency: 1 } }
    const run = await testWorkflow(
      { name: 'w', steps: { a: step, b: step } },
      { agents: { price, 'price.guess': { output: 'guessed' } } },
    )
    const told = Object.values(run.steps).filter(({ inPlaceOf: passed }) => passed !== undefined)
    expect(told).toMatchObject([
      {
        output: 'guessed',
        inPlaceOf: [{ agentId: 'price', why: expect.stringContaining('limit of 1 calls') }],
      },
    ])
  })

  it('is told of no step that keeps its agent', async () => {
    const run = await testWorkflow(
      { name: 'w', steps: { s: step } },
      { agents: { 'price.find': { fails: 'AgentRetryableError', times: 1, output: 1 }, 'price.guess': {} } },
    )
    expect(run.steps.s?.attempts).toHaveLength(1)
    expect(run.steps.s).not.toHaveProperty('inPlaceOf')
  })
})

describe('inPlaceOf', () => {
  const decision = {
    stepId: 's',
    capability: 'c',
    chosen: 'c',
    reason: 'the only eligible agent',
    candidates: [],
  }

  it('keeps what was known of earlier agents, the latest word of each, and never the chosen one', () => {
    const before = {
      ...decision,
      inPlaceOf: [
        { agentId: 'a', why: 'old' },
        { agentId: 'b', why: 'old' },
      ],
    }
    const told = inPlaceOf(decision, {
      why: [
        ['b', 'agent b is at its limit'],
        ['c', 'was busy'],
      ],
      before,
      isFallback: false,
    })
    expect(told.inPlaceOf).toEqual([
      { agentId: 'a', why: 'old' },
      { agentId: 'b', why: 'is at its limit' },
    ])
    expect(told.reason).toBe('in place of a (old) and b (is at its limit)')
  })

  it('is bounded, whatever agents say', () => {
    const why = Array.from({ length: 50 }, (_, at): [string, string] => [`a${at}`, 'x'.repeat(9_000)])
    const told = inPlaceOf(decision, { why, before: undefined, isFallback: true })
    expect(JSON.stringify(told).length).toBeLessThan(5_000)
  })

  it('changes no decision without one', () => {
    expect(inPlaceOf(decision, { why: [['c', 'was busy']], before: undefined, isFallback: true })).toBe(
      decision,
    )
  })
})

describe('the log', () => {
  const own = { taskId: 't_1', path: 'each[1]' }
  const decision = { reason: 'in place of a (failed this step: x)', inPlaceOf: [{ agentId: 'a', why: 'x' }] }

  it.each([
    ['Error', { reason: decision.reason }],
    ['AgentOutputError', { see: "npx orchestrator explain t_1 'each[1]'" }],
    ['ModelOutputError', { see: "npx orchestrator explain t_1 'each[1]'" }],
  ])('has the reason of a failover after %s, but no payload that it quotes', (name, told) => {
    expect(failoverFacts(own, [{ error: { name: 'Error' } }, { error: { name } }], decision)).toEqual(told)
  })

  it('has none where the agent stays', () => {
    expect(failoverFacts(own, [], { reason: 'the only eligible agent' })).toEqual({})
  })
})
