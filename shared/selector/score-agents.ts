import type { Prefer } from '../domain/prefer.ts'
import { beta, type Random } from '../domain/random.ts'
import { addSums, type Sums } from './decayed-counters.ts'

/** A candidate's statistics. */
export type Candidate = {
  agentId: string
  /** The agent's sums at this capability. */
  sums: Sums
  /** The agent's sums over all capabilities. */
  overall: Sums
  /** The expected cost of a call. */
  costUsd: number
  inflight: number
  maxConcurrency: number
}

/** The weights of quality, cost and latency, and the references that cost and latency are measured against. */
export type Weights = {
  quality: number
  cost: number
  /** A call of this price is penalized by `cost`; the candidates' mean, if higher, replaces it. */
  referenceCostUsd: number
  latency: number
  /** A call of this duration is penalized by `latency`; the candidates' mean, if higher, replaces it. */
  referenceSeconds: number
}

export const WEIGHTS: Weights = {
  quality: 1,
  cost: 0.15,
  referenceCostUsd: 0.0005,
  latency: 0.15,
  referenceSeconds: 8,
}

/** The balanced weights, multiplied by the preferences. */
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
  /** The expected quality. */
  mean: number
  /** The sampled quality (Thompson sampling), which explores agents with few calls. */
  sample: number
  costUsd: number
  /** The expected latency, including the queue of waiting calls. */
  seconds: number
}

/** The concentration of the sampled posterior: larger values explore less. */
const CERTAINTY = 8
/** The weight of the prior quality, in calls. */
const PRIOR_CALLS = 6
const [LEAST_MEAN, MOST_MEAN] = [0.03, 0.97]
const LOAD_EXPONENT = 1.5
const WORST_LATENCY = 2
/** The assumed latency of an unknown agent. */
const DEFAULT_SECONDS = 2
const LATENCY_PRIOR_CALLS = 1

/** The mean quality at a capability over all agents; 0.6 without calls. */
export function capabilityMean(candidates: readonly Pick<Candidate, 'sums'>[]): number {
  const { quality, count } = addSums(candidates.map(({ sums }) => sums))
  return (quality + 1.2) / (count + 2)
}

/**
 * Scores candidates, best first, ties by id. Quality is a Thompson sample around a prior mean that is shifted by the agent's results at
 * other capabilities, so that a new capability of a known agent starts with its reputation.
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

/** The mean latency over all candidates. */
function meanSeconds(candidates: readonly Candidate[]): number {
  const { latencySeconds, count } = addSums(candidates.map(({ overall }) => overall))
  return count > 0 ? latencySeconds / count : DEFAULT_SECONDS
}
