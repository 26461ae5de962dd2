import type { Agent } from '../../domain/agent.ts'
import type { PriceTable } from '../../domain/price-table.ts'
import type { EpochCounters, Histogram } from '../../domain/statistics.ts'
import { type Draw, drawAround, drawFrom, mixed } from '../../estimator/draw.ts'
import { usdPerSecond } from '../../estimator/usage-of-run.ts'
import type { DrawsOfAgent } from '../../estimator/worst-of-each.ts'
import { histogramAt, sumsAt } from '../../selector/decayed-counters.ts'
import { JUDGE } from '../../workflow/evaluation/check-judgement.ts'
import { type AgentStep, isAgentStep, type Step } from '../../workflow/schema.ts'
import { capabilityAsked } from '../agents/capability-asked.ts'
import { priorRetried, retriedFailures } from './retried-share.ts'

/** The assumed duration of an unknown call. */
const DEFAULT_SECONDS = 2
/** The weight of the prior in calls; with at least this many calls a figure counts as measured. */
const PRIOR_CALLS = 2
const PRIOR_FAILURES = 0.01
const MEASURED_CALLS = 5
export type Doings = ReadonlyMap<string, ReadonlyMap<string, EpochCounters[]>>
type Facing = { doings: Doings; at: number; ofOthers: (capability: string) => Draw; prices: PriceTable }

/** How long a call of the agent for the step takes, what it costs, and how often it fails. */
export function drawsOf(
  agent: Agent,
  step: AgentStep,
  { doings, at, ofOthers, prices }: Facing,
): DrawsOfAgent {
  const capability = capabilityAsked(agent, step)?.name ?? ''
  const own = doings.get(agent.id)?.get(capability) ?? []
  const sums = sumsAt(own, at)
  const { count, failures } = sums
  const believed =
    agent.typicalSeconds === undefined ? ofOthers(capability) : drawAround(agent.typicalSeconds)
  const share = count / (count + PRIOR_CALLS)
  const of = (measure: 'h' | 'c' | 't'): Histogram => histogramAt(own, at, measure)
  const seconds = drawFrom(of('h'))
  const paid = drawFrom(of('c'))
  const tokens = drawFrom(of('t'))
  const { perCallUsd } = agent.price
  const declared = agent.typicalSeconds === undefined ? 'assumed' : 'declared'
  return {
    seconds: seconds ? mixed(share, seconds, believed) : believed,
    usd: paid ? mixed(share, paid, () => perCallUsd) : () => perCallUsd,
    tokens: tokens ? mixed(share, tokens, () => 0) : () => 0,
    usdPerSecond: usdPerSecond(agent.limits.memoryMb, prices),
    failureShare: (failures + PRIOR_FAILURES) / (count + PRIOR_CALLS),
    retryableShare:
      (retriedFailures(step, sums) + PRIOR_FAILURES * priorRetried(step)) / (failures + PRIOR_FAILURES),
    maxConcurrency: agent.limits.maxConcurrency,
    basis: count >= MEASURED_CALLS ? 'measured' : declared,
  }
}

/** The duration for an agent without measured or declared figures: that of other agents at the capability, or a default. */
export function secondsOfOthers(doings: Doings, capability: string, at: number): Draw {
  const same = [...doings.values()].flatMap((byCapability) => byCapability.get(capability) ?? [])
  const all = [...doings.values()].flatMap((byCapability) => [...byCapability.values()].flat())
  return (
    drawFrom(histogramAt(same, at, 'h')) ?? drawFrom(histogramAt(all, at, 'h')) ?? drawAround(DEFAULT_SECONDS)
  )
}

/** A step as its judge is called for it; undefined for a step without one. */
export const asJudged = (step: Step): AgentStep | undefined =>
  isAgentStep(step) && step.evaluate?.judge
    ? { ...step, capability: JUDGE, agent: undefined, fallback: undefined }
    : undefined

/** The agents that can judge, where a step has a judge: which of them it gets is known when there is an output. */
export function judgesOf(
  all: readonly { place: string; step: Step }[],
  agents: readonly Agent[],
  assumptions: string[],
): Agent[] {
  const judged = all.filter(({ step }) => asJudged(step) !== undefined)
  if (judged.length === 0) return []
  const judges = agents.filter(
    ({ status, capabilities }) => status === 'active' && capabilities.some(({ name }) => name === JUDGE),
  )
  if (judges.length === 0)
    for (const { place } of judged)
      assumptions.push(`"${place}" is not judged: nobody is known who could do it`)
  return judges
}
