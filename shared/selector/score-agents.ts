import type { Prefer } from '../domain/prefer.ts'
import { beta, type Random } from '../domain/random.ts'
import { addSums, type Sums } from './decayed-counters.ts'

/** What is known of an agent that could take a step. */
export type Candidate = {
  agentId: string
  /** Of this agent at this capability. */
  sums: Sums
  /** Of this agent at everything that it does. */
  overall: Sums
  /** What a call is expected to cost. */
  costUsd: number
  inflight: number
  maxConcurrency: number
}

/** How much is given for quality, and what makes a call as bad as that is good. */
export type Weights = {
  quality: number
  cost: number
  /** A call of this price costs `cost`; where calls cost more, their mean. */
  referenceCostUsd: number
  latency: number
  /** A call that takes this long costs `latency`; where calls take longer, their mean. */
  referenceSeconds: number
}

export const WEIGHTS: Weights = {
  quality: 1,
  cost: 0.15,
  referenceCostUsd: 0.0005,
  latency: 0.15,
  referenceSeconds: 8,
}

/** The balanced weights, each as often as is wished. */
export function weightsFor({ quality = 1, cost = 1, latency = 1 }: Prefer = {}): Weights {
  return {
    ...WEIGHTS,
    quality: WEIGHTS.quality * quality,
    cost: WEIGHTS.cost * cost,
    latency: WEIGHTS.latency * latency,
  }
}

export type Score = {
  agentId: string
  total: number
  /** Expected of the agent before it was drawn. */
  mean: number
  /** Drawn from what is believed of it: who is little known is tried now and then. */
  sample: number
  costUsd: number
  /** Expected, with those that are waiting. */
  seconds: number
}

/** How surely samples follow what was seen: larger means less trying. */
const CERTAINTY = 8
/** Calls that the expectation of an agent at a capability is worth before it has done it. */
const PRIOR_CALLS = 6
const [LEAST_MEAN, MOST_MEAN] = [0.03, 0.97]
const LOAD_EXPONENT = 1.5
const WORST_LATENCY = 2
/** Of an agent of which nothing is known. */
const DEFAULT_SECONDS = 2
const LATENCY_PRIOR_CALLS = 1

/** What is expected of a capability, whoever does it; .6 as long as nothing is known. */
export function capabilityMean(candidates: readonly Pick<Candidate, 'sums'>[]): number {
  const { quality, count } = addSums(candidates.map(({ sums }) => sums))
  return (quality + 1.2) / (count + 2)
}

/**
 * A score for each candidate, best first; equal ones by id. The quality is Thompson's sample around a mean that an agent's
 * doings at other capabilities shift: it is believed before it has been seen.
 */
export function scoreAgents(
  candidates: readonly Candidate[],
  random: Random,
  weights: Weights = WEIGHTS,
): Score[] {
  const ofCapability = capabilityMean(candidates)
  const seconds = meanSeconds(candidates)
  const costs = candidates.reduce((sum, { costUsd }) => sum + costUsd, 0)
  const references = {
    referenceCostUsd: Math.max(weights.referenceCostUsd, costs / candidates.length),
    referenceSeconds: Math.max(weights.referenceSeconds, seconds),
  }
  const expected = { ofCapability, seconds, random, weights: { ...weights, ...references } }
  return candidates
    .map((candidate) => scoreOf(candidate, expected))
    .sort((a, b) => b.total - a.total || (a.agentId < b.agentId ? -1 : 1))
}

type Expected = { ofCapability: number; seconds: number; random: Random; weights: Weights }

function scoreOf(candidate: Candidate, { ofCapability, seconds, random, weights }: Expected): Score {
  const { agentId, sums, overall, costUsd, inflight, maxConcurrency } = candidate
  const residual = overall.residual / (overall.count + 4)
  const mean = Math.min(MOST_MEAN, Math.max(LEAST_MEAN, ofCapability + residual))
  const successes = CERTAINTY * (PRIOR_CALLS * mean + sums.quality)
  const failures = CERTAINTY * (PRIOR_CALLS * (1 - mean) + Math.max(0, sums.count - sums.quality))
  const sample = beta(successes, failures, random)
  const own = (overall.latencySeconds + LATENCY_PRIOR_CALLS * seconds) / (overall.count + LATENCY_PRIOR_CALLS)
  const loaded = own * Math.max(1, (inflight + 1) / maxConcurrency) ** LOAD_EXPONENT
  const total =
    weights.quality * sample -
    (weights.cost * costUsd) / weights.referenceCostUsd -
    weights.latency * Math.min(loaded / weights.referenceSeconds, WORST_LATENCY)
  return { agentId, total, mean, sample, costUsd, seconds: loaded }
}

/** Of all candidates together. */
function meanSeconds(candidates: readonly Candidate[]): number {
  const { latencySeconds, count } = addSums(candidates.map(({ overall }) => overall))
  return count > 0 ? latencySeconds / count : DEFAULT_SECONDS
}
