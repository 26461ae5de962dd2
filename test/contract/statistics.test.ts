import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { healthOf } from '../../shared/app/agents/agent-statistics.ts'
import { resetAgent } from '../../shared/app/agents/manage-agents.ts'
import type { Agent } from '../../shared/domain/agent.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import { additionsOf, correctionOf, epochsAt, sumsAt } from '../../shared/selector/decayed-counters.ts'
import { makeAgent } from '../support/agents/make-agent.ts'
import { CALLER } from '../support/stores/callers.ts'
import { startStores } from '../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

const HALF_LIFE = 900
/** Near the end of an epoch, where counters are largest. */
const NOW = (62_000 * 32 + 31.5) * HALF_LIFE

describe('statistics in DynamoDB', () => {
  it('are those of exact arithmetic with 400 writers at once (counters/A1, counters/A2)', async () => {
    const { statistics } = stores.ports
    const random = seededRandom('writers')
    const subject = { agentId: 'busy', capability: 'work.do' }
    const outcomes = Array.from({ length: 400 }, () => ({
      at: NOW - 4 * HALF_LIFE * random(),
      quality: random(),
      failed: random() < 0.3,
      residual: random() - 0.5,
      latencySeconds: 20 * random(),
      costUsd: random() / 100,
    }))
    await Promise.all(outcomes.map(({ at, ...outcome }) => statistics.add(subject, additionsOf(outcome, at))))
    const [epochs = []] = await statistics.find([subject], epochsAt(NOW))
    const sums = sumsAt(epochs, NOW)
    const exact = (value: (one: (typeof outcomes)[number]) => number): number =>
      outcomes.reduce((sum, one) => sum + value(one) * 2 ** (-(NOW - one.at) / HALF_LIFE), 0)
    const expected = {
      count: exact(() => 1),
      quality: exact((one) => one.quality),
      failures: exact((one) => Number(one.failed)),
      latencySeconds: exact((one) => one.latencySeconds),
      costUsd: exact((one) => one.costUsd),
    }
    for (const [name, value] of Object.entries(expected)) {
      const error = Math.abs(sums[name as keyof typeof expected] - value) / value
      expect(error, name).toBeLessThanOrEqual(1e-4)
    }
    expect(Math.abs(sums.residual - exact((one) => one.residual))).toBeLessThanOrEqual(1e-4 * expected.count)
    expect(sums.calls).toBe(400)
    // Beyond the precision of a double, so the sum proves that DynamoDB has added.
    expect(epochs[0]?.counters.w ?? 0).toBeGreaterThan(Number.MAX_SAFE_INTEGER)
  })

  it('are found for many subjects at once, and are absent for subjects without any', async () => {
    const { statistics } = stores.ports
    const subjects = Array.from({ length: 120 }, (_, at) => ({ agentId: `a${at}`, capability: 'many.do' }))
    const outcome = { quality: 1, residual: 0, failed: false, latencySeconds: 1, costUsd: 0 }
    const some = subjects.filter((_, at) => at % 3 === 0)
    await Promise.all(some.map((subject) => statistics.add(subject, additionsOf(outcome, NOW))))
    const found = await statistics.find(subjects, epochsAt(NOW))
    expect(found.map((epochs) => epochs.length)).toEqual(subjects.map((_, at) => (at % 3 === 0 ? 1 : 0)))
  })

  it('are corrected as if a call had had another quality, and not where they were reset since', async () => {
    const { statistics, clock } = stores.ports
    const at = clock.now().getTime() / 1_000
    const subject = { agentId: 'rated', version: '1.0.0', capability: 'work.do' }
    const outcome = { residual: 0, failed: false, latencySeconds: 1, costUsd: 0 }
    const sums = async () => {
      const [epochs = []] = await statistics.find([subject], epochsAt(at))
      return sumsAt(epochs, at)
    }
    // A correction may come before the call that it corrects.
    await statistics.correct(subject, correctionOf({ from: 1, to: 0.25 }, at - 60), at - 60)
    await statistics.add(subject, additionsOf({ ...outcome, quality: 1 }, at - 60))
    expect(await sums()).toMatchObject({ calls: 1, quality: expect.closeTo(0.25 * 2 ** (-60 / 900), 5) })
    await statistics.reset([subject], epochsAt(at))
    await statistics.correct(subject, correctionOf({ from: 0.25, to: 1 }, at - 60), at - 60)
    expect(await sums()).toMatchObject({ calls: 0, quality: 0 })
    const later = clock.now().getTime() / 1_000 + 1
    await statistics.add(subject, additionsOf({ ...outcome, quality: 1 }, later))
    await statistics.correct(subject, correctionOf({ from: 1, to: 0.5 }, later), later)
    expect(await sums()).toMatchObject({ calls: 1, quality: expect.closeTo(0.5, 2) })
  })

  it('show the health of an agent', async () => {
    const { statistics, clock } = stores.ports
    const at = clock.now().getTime() / 1_000
    const subject = { agentId: 'known', version: '1.0.0', capability: 'work.do' }
    for (const [quality, latencySeconds] of [
      [1, 0.2],
      [1, 0.2],
      [1, 0.2],
      [0, 4],
    ] as const)
      await statistics.add(
        subject,
        additionsOf({ quality, residual: 0, failed: quality === 0, latencySeconds, costUsd: 0.01 }, at),
      )
    const agent = makeAgent({ id: 'known' })
    const health = await healthOf(stores.ports, [agent, makeAgent({ id: 'idle' })])
    expect(health.get('idle')).toEqual({ health: {}, now: { inflight: 0, breaker: 'closed' } })
    expect(health.get('known')?.health).toEqual({
      'work.do': {
        calls: 4,
        weight: expect.closeTo(4, 1),
        successRate: expect.closeTo(0.75, 2),
        quality: expect.closeTo(0.75, 2),
        // Quantiles are upper bounds of histogram buckets.
        p50Seconds: expect.closeTo(0.251, 3),
        p95Seconds: expect.closeTo(5.012, 3),
        costUsd: expect.closeTo(0.01, 4),
        p95CostUsd: expect.closeTo(0.01, 3),
        tokens: 0,
        trend: 'steady',
      },
    })
  })

  it('show that an agent has become worse', async () => {
    const { statistics, clock } = stores.ports
    const now = clock.now().getTime() / 1_000
    const subject = { agentId: 'failing', version: '1.0.0', capability: 'work.do' }
    const add = (quality: number, at: number) =>
      statistics.add(
        subject,
        additionsOf({ quality, residual: 0, failed: quality === 0, latencySeconds: 1, costUsd: 0 }, at),
      )
    // One to two hours ago, in this epoch or the previous one.
    for (let calls = 0; calls < 20; calls++) await add(1, now - 6_500)
    const agent = makeAgent({ id: 'failing' })
    const trend = async () =>
      (await healthOf(stores.ports, [agent])).get('failing')?.health?.['work.do']?.trend
    expect(await trend()).toBe('steady')
    for (let calls = 0; calls < 20; calls++) await add(0, now)
    expect(await trend()).toBe('worse')
  })
})

describe('statistics of a release that counted all versions together', () => {
  const succeed = (agentId: string, version?: string) =>
    stores.ports.statistics.add(
      { agentId, capability: 'work.do', ...(version === undefined ? {} : { version }) },
      additionsOf(
        { quality: 1, failed: false, residual: 0, latencySeconds: 1, costUsd: 0 },
        Date.now() / 1_000,
      ),
    )
  const callsOf = async (agent: Agent) =>
    Math.round((await healthOf(stores.ports, [agent])).get(agent.id)?.health?.['work.do']?.calls ?? 0)

  it('stand in for those of a version until it has been called', async () => {
    const agent = makeAgent({ id: 'updated' })
    for (let calls = 0; calls < 3; calls++) await succeed(agent.id)
    expect(await callsOf(agent)).toBe(3)
    await succeed(agent.id, agent.version)
    expect(await callsOf(agent)).toBe(1)
  })

  it('are forgotten by a reset of the agent', async () => {
    const agent = makeAgent({ id: 'repaired' })
    await stores.ports.agents.putAgent(agent)
    await succeed(agent.id)
    expect(await callsOf(agent)).toBe(1)
    await resetAgent(stores.ports)({ id: agent.id }, CALLER)
    expect(await callsOf(agent)).toBe(0)
  })
})
