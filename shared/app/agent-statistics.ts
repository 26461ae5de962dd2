import type { AgentHealth } from '../contracts/views.ts'
import type { Agent } from '../domain/agent.ts'
import { placeOf } from '../domain/instance-path.ts'
import type { EpochCounters, Outcome, Subject } from '../domain/statistics.ts'
import type { Plan, Ports } from '../ports/index.ts'
import { additionsOf, epochsAt, latencyQuantile, sumsAt } from '../selector/decayed-counters.ts'

type Needs = Pick<Ports, 'statistics' | 'clock'>

/** What came of one attempt of a step. */
export type AttemptOutcome = Subject & Omit<Outcome, 'residual'>

/**
 * Counts an attempt; whoever has moved it to its end does so, once. The plan says what was to be expected of the capability where it
 * had a choice: elsewhere nothing is to be learnt of the agent against others.
 */
export async function countAttempt(
  { statistics, clock }: Needs,
  plan: Pick<Plan, 'decisions'>,
  path: string,
  { agentId, capability, ...outcome }: AttemptOutcome,
): Promise<void> {
  const expected = plan.decisions.find(({ stepId }) => stepId === placeOf(path))?.expectedQuality
  const residual = expected === undefined ? 0 : outcome.quality - expected
  const at = clock.now().getTime() / 1_000
  await statistics.add({ agentId, capability }, additionsOf({ ...outcome, residual }, at))
}

/** How each agent does, by capability; those that it has not been asked for lately are not in it. */
export async function healthOf(
  { statistics, clock }: Needs,
  agents: readonly Pick<Agent, 'id' | 'capabilities'>[],
): Promise<Map<string, Record<string, AgentHealth>>> {
  const at = clock.now().getTime() / 1_000
  const subjects = agents.flatMap(({ id, capabilities }) =>
    capabilities.map(({ name }) => ({ agentId: id, capability: name })),
  )
  const found = await statistics.find(subjects, epochsAt(at))
  const health = new Map(agents.map(({ id }): [string, Record<string, AgentHealth>] => [id, {}]))
  for (const [index, { agentId, capability }] of subjects.entries()) {
    const [epochs, ofAgent] = [found[index] ?? [], health.get(agentId)]
    if (epochs.length > 0 && ofAgent) ofAgent[capability] = healthIn(epochs, at)
  }
  return health
}

function healthIn(epochs: readonly EpochCounters[], at: number): AgentHealth {
  const { calls, count, quality, costUsd } = sumsAt(epochs, at)
  return {
    calls,
    weight: count,
    successRate: count > 0 ? quality / count : 0,
    p50Seconds: latencyQuantile(epochs, at, 0.5) ?? 0,
    p95Seconds: latencyQuantile(epochs, at, 0.95) ?? 0,
    costUsd: count > 0 ? costUsd / count : 0,
  }
}
