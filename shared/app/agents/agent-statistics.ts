import type { AgentHealth, AgentView } from '../../contracts/agent-views.ts'
import type { Agent } from '../../domain/agent.ts'
import { placeOf } from '../../domain/instance-path.ts'
import type { Decision } from '../../domain/plan.ts'
import type { EpochCounters } from '../../domain/statistics.ts'
import type { Plan } from '../../ports/index.ts'
import { breakerOf } from '../../selector/breaker.ts'
import { addSums, histogramAt, quantileOf, sumsAt } from '../../selector/decayed-counters.ts'
import { doingsOf, inflightOf, type KnowledgeNeeds, slotsOfAgent } from './agent-knowledge.ts'

/** The fewest calls for a trend. */
const LEAST_CALLS_OF_TREND = 5
const MUCH_BETTER = 0.05
const MUCH_FASTER = 1.25

/** The decision for the step's agent, made by the rebinder or with the plan. */
export function decisionOf(
  plan: Pick<Plan, 'decisions'>,
  path: string,
  rebound?: Decision | undefined,
): Decision | undefined {
  return rebound ?? plan.decisions.find(({ stepId }) => stepId === placeOf(path))
}

type Health = Required<Pick<AgentView, 'health' | 'now'>>

/** The health of each agent by capability (only those called lately), and its current load. */
export async function healthOf(
  ports: KnowledgeNeeds,
  agents: readonly Pick<Agent, 'id' | 'version' | 'capabilities' | 'limits'>[],
): Promise<Map<string, Health>> {
  const ids = agents.map(({ id }) => id)
  const limited = agents.filter(({ limits }) => limits.maxConcurrency !== undefined).map(slotsOfAgent)
  const [doings, loads, breakers, slots] = await Promise.all([
    doingsOf(ports, agents),
    ports.loads.loadsOf(ids),
    ports.breakers.find(ids),
    limited.length > 0 ? ports.limits.countSlots(limited) : new Map<string, number>(),
  ])
  const at = ports.clock.now().getTime() / 1_000
  return new Map(
    agents.map((agent): [string, Health] => {
      const own = doings.get(agent.id) ?? new Map<string, EpochCounters[]>()
      const overall = addSums([...own.values()].map((epochs) => sumsAt(epochs, at)))
      const inflight = slots.get(slotsOfAgent(agent)) ?? inflightOf(loads.get(agent.id), overall)
      const kept = breakers.get(agent.id)?.breaker
      const breaker = kept && breakerOf(kept, agent.version)
      const isOpen = breaker?.state === 'open'
      return [
        agent.id,
        {
          health: Object.fromEntries([...own].map(([name, epochs]) => [name, healthIn(epochs, at)])),
          now: {
            inflight: Math.round(inflight * 100) / 100,
            breaker: !isOpen ? 'closed' : breaker.openUntil > at ? 'open' : 'trial',
            ...(isOpen ? { openUntil: new Date(breaker.openUntil * 1_000).toISOString() } : {}),
          },
        },
      ]
    }),
  )
}

function healthIn(epochs: readonly EpochCounters[], at: number): AgentHealth {
  const { calls, count, quality, failures, costUsd, tokens } = sumsAt(epochs, at)
  const mean = (sum: number): number => (count > 0 ? sum / count : 0)
  return {
    calls,
    weight: count,
    successRate: Math.min(1, Math.max(0, mean(count - failures))),
    quality: mean(quality),
    p50Seconds: quantileOf(histogramAt(epochs, at, 'h'), 0.5) ?? 0,
    p95Seconds: quantileOf(histogramAt(epochs, at, 'h'), 0.95) ?? 0,
    costUsd: mean(costUsd),
    p95CostUsd: quantileOf(histogramAt(epochs, at, 'c'), 0.95) ?? 0,
    tokens: mean(tokens),
    trend: trendIn(epochs, at),
  }
}

/** Compares the success rate of the last quarters of an hour with the long-term one, and the latency with that of the hours before. */
function trendIn(epochs: readonly EpochCounters[], at: number): AgentHealth['trend'] {
  const { calls, successes, count, failures } = sumsAt(epochs, at)
  if (calls < LEAST_CALLS_OF_TREND || count === 0) return 'steady'
  const change = 1 - failures / count - successes / calls
  if (Math.abs(change) > MUCH_BETTER) return change > 0 ? 'better' : 'worse'
  const [now, before] = epochs.toSorted((a, b) => b.epoch - a.epoch).map((epoch) => sumsAt([epoch], at))
  if (!now || !before || Math.min(now.calls, before.calls) < LEAST_CALLS_OF_TREND) return 'steady'
  const slower = now.latencySeconds / now.count / (before.latencySeconds / before.count)
  if (slower > MUCH_FASTER) return 'worse'
  return slower < 1 / MUCH_FASTER ? 'better' : 'steady'
}
