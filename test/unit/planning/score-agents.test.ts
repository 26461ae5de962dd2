import { describe, expect, it } from 'vitest'
import { beta, seededRandom } from '../../../shared/domain/random.ts'
import { noSums, type Sums } from '../../../shared/selector/decayed-counters.ts'
import { type Candidate, capabilityMean, scoreAgents } from '../../../shared/selector/score-agents.ts'

const sums = (count: number, quality: number, seconds = 1): Sums => ({
  ...noSums(),
  count,
  quality,
  latencySeconds: count * seconds,
})
const candidate = (agentId: string, facts: Partial<Candidate> = {}): Candidate => ({
  agentId,
  sums: noSums(),
  overall: noSums(),
  costUsd: 0,
  inflight: 0,
  maxConcurrency: 10,
  ...facts,
})
/** The share of runs in which each agent is chosen. */
function shares(candidates: Candidate[], runs = 500): Record<string, number> {
  const random = seededRandom('shares')
  const chosen: Record<string, number> = {}
  for (let run = 0; run < runs; run++) {
    const id = scoreAgents(candidates, random)[0]?.agentId ?? ''
    chosen[id] = (chosen[id] ?? 0) + 1 / runs
  }
  return chosen
}

describe('the score of agents', () => {
  it('is the same for the same seed', () => {
    const all = ['a', 'b', 'c'].map((id) => candidate(id))
    const once = scoreAgents(all, seededRandom('t_1/draft'))
    expect(scoreAgents(all, seededRandom('t_1/draft'))).toEqual(once)
    expect(scoreAgents(all, seededRandom('t_2/draft'))).not.toEqual(once)
  })

  it('prefers agents with good records, and still explores little-known ones', () => {
    const good = candidate('good', { sums: sums(100, 80), overall: sums(100, 80) })
    const bad = candidate('bad', { sums: sums(100, 30), overall: { ...sums(100, 30), residual: -30 } })
    expect(shares([good, bad]).good).toBeGreaterThan(0.99)
    expect(shares([good, candidate('new')]).new).toBeGreaterThan(0.05)
    expect(shares([good, candidate('new')]).good).toBeGreaterThan(0.05)
  })

  it('takes an agent’s record at other capabilities as prior', () => {
    const elsewhere = (residual: number) => ({ overall: { ...sums(50, 25), residual } })
    const chosen = shares([candidate('better', elsewhere(20)), candidate('worse', elsewhere(-20))])
    expect(chosen.better).toBeGreaterThan(0.9)
  })

  it('weighs cost and load against quality', () => {
    const equal = { sums: sums(200, 160), overall: sums(200, 160, 4) }
    expect(
      shares([candidate('cheap', equal), candidate('dear', { ...equal, costUsd: 0.001 })]).cheap,
    ).toBeGreaterThan(0.95)
    expect(
      shares([candidate('idle', equal), candidate('full', { ...equal, inflight: 30 })]).idle,
    ).toBeGreaterThan(0.95)
  })

  it('expects a capability to work as long as nothing is known of it', () => {
    expect(capabilityMean([candidate('a')])).toBeCloseTo(0.6)
    expect(capabilityMean([{ sums: sums(98, 0) }])).toBeCloseTo(0.012)
  })

  it('draws from the distribution that it says', () => {
    const random = seededRandom('beta')
    const drawn = Array.from({ length: 20_000 }, () => beta(8, 2, random))
    const mean = drawn.reduce((sum, x) => sum + x, 0) / drawn.length
    const variance = drawn.reduce((sum, x) => sum + (x - mean) ** 2, 0) / drawn.length
    expect(mean).toBeCloseTo(0.8, 2)
    expect(variance).toBeCloseTo(16 / 1100, 2)
  })
})
