import { type Random, standardNormal } from '../../shared/domain/random.ts'
import type { EpochCounters } from '../../shared/domain/statistics.ts'
import { additionsOf } from '../../shared/selector/decayed-counters.ts'

/** The true distribution of an agent, which the estimator does not know. */
export type TrueAgent = {
  id: string
  capability: string
  medianSeconds: number
  spread: number
  medianUsd: number
  usdSpread: number
  tokensPerUsd: number
  failureShare: number
  /** The share of its failures that are retryable. */
  retryableShare: number
}
export type Call = { seconds: number; usd: number; tokens: number; failed: boolean; retryable: boolean }

const between = (random: Random, least: number, most: number): number => least + (most - least) * random()
const logBetween = (random: Random, least: number, most: number): number =>
  Math.exp(between(random, Math.log(least), Math.log(most)))

export function makeTrueAgent(random: Random, id: string, capability: string): TrueAgent {
  return {
    id,
    capability,
    medianSeconds: logBetween(random, 0.05, 20),
    spread: between(random, 0.1, 1),
    medianUsd: random() < 0.3 ? 0 : logBetween(random, 1e-5, 0.05),
    usdSpread: between(random, 0.05, 0.8),
    tokensPerUsd: 1e5,
    failureShare: random() < 0.5 ? 0 : between(random, 0, 0.15),
    retryableShare: random(),
  }
}

/** One call: log-normal durations and costs; now and then a call takes four times as long. */
export function callOf(agent: TrueAgent, random: Random): Call {
  const slow = random() < 0.03 ? 4 : 1
  const seconds = slow * agent.medianSeconds * Math.exp(agent.spread * standardNormal(random))
  const usd = agent.medianUsd * Math.exp(agent.usdSpread * standardNormal(random))
  const failed = random() < agent.failureShare
  const retryable = failed && random() < agent.retryableShare
  return { seconds, usd, tokens: Math.round(usd * agent.tokensPerUsd), failed, retryable }
}

/** The statistics of an agent after a number of recent calls. */
export function observe(agent: TrueAgent, calls: number, at: number, random: Random): EpochCounters[] {
  const epochs = new Map<number, Record<string, bigint>>()
  for (let call = 0; call < calls; call++) {
    const { seconds, usd, tokens, failed, retryable } = callOf(agent, random)
    const outcome = {
      quality: failed ? 0 : 1,
      residual: 0,
      failed,
      retryable,
      latencySeconds: seconds,
      costUsd: usd,
      tokens,
    }
    const { epoch, counters } = additionsOf(outcome, at - 1_200 * random())
    const sums = epochs.get(epoch) ?? {}
    for (const [name, added] of Object.entries(counters)) sums[name] = (sums[name] ?? 0n) + added
    epochs.set(epoch, sums)
  }
  return [...epochs].map(([epoch, sums]) => ({
    epoch,
    counters: Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, Number(sum)])),
  }))
}
