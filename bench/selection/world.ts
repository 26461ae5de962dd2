import { type Random, seededRandom, standardNormal } from '../../shared/domain/random.ts'
import type { Outcomes } from './outcomes.ts'

/**
 * The world in which every policy gets the same requests, as routing/README.md of the shared data specifies it. All times in
 * seconds. Quality and prices are real data; arrivals, latency, load and incidents are simulated.
 */
export const SCENARIOS = ['stationary', 'outage', 'drift'] as const
export type Scenario = (typeof SCENARIOS)[number]

const ARRIVALS_PER_SECOND = 3
const FAILURE = 0.01
const FAILED_SECONDS = 10
const OVERLOAD = 2.5
const OVERLOADED_SECONDS = 0.3
const OUTAGE_FAILURE = 0.97
const DRIFT_FACTOR = 0.35
const [GEMMA, LLAMA] = ['gemma-2-9b-it', 'llama-3.1-8b-instruct']
const COST_WEIGHT = 0.15
const REFERENCE_COST = 0.0005
const LATENCY_WEIGHT = 0.15
const REFERENCE_SECONDS = 8
/** The mean of exp(0.5 z) for a standard normal z. */
const MEAN_NOISE = 1.13

export type Request = { at: number; row: number; task: number; tokens: number; noise: number; luck: number }
export type Result = { quality: number; seconds: number; costUsd: number; failed: boolean; utility: number }

export type World = {
  scenario: Scenario
  requests: readonly Request[]
  models: readonly string[]
  tasks: readonly string[]
  /** The number of concurrent calls above which a model slows down. */
  caps: readonly number[]
  exists(model: number, at: number): boolean
  costOf(model: number, request: Pick<Request, 'tokens'>): number
  /** The result of a call with `inflight` other calls in flight. */
  call(model: number, request: Request, inflight: number): Result
  /** The expected utility, for the oracle. */
  expected(model: number, request: Request, inflight: number): number
}

export function makeWorld(outcomes: Outcomes, scenario: Scenario, count: number, seed: number): World {
  const { models, sizeBillionParameters: sizes, pricePerMillionTokensUsd: prices, rows } = outcomes
  const horizon = count / ARRIVALS_PER_SECOND
  const caps = sizes.map((size) => (size > 30 ? 8 : 12))
  const [gemma, llama] = [models.indexOf(GEMMA), models.indexOf(LLAMA)]
  const means = meanQualities(outcomes)
  const baseSeconds = (model: number): number => 0.8 + 0.06 * (sizes[model] ?? 0)
  const within = (at: number, from: number, to: number): boolean => at >= from * horizon && at < to * horizon

  const failureOf = (model: number, at: number): number => {
    if (scenario !== 'outage') return FAILURE
    if (model === gemma && within(at, 0.3, 0.5)) return OUTAGE_FAILURE
    return model === llama && within(at, 0.6, 0.75) ? OUTAGE_FAILURE : FAILURE
  }
  const factorOf = (model: number, at: number): number =>
    scenario === 'drift' && model === gemma && at >= 0.4 * horizon ? DRIFT_FACTOR : 1
  const costOf: World['costOf'] = (model, { tokens }) => ((prices[model] ?? 0) * (tokens + 250)) / 1e6
  const utility = (quality: number, costUsd: number, seconds: number): number =>
    quality -
    (COST_WEIGHT * costUsd) / REFERENCE_COST -
    LATENCY_WEIGHT * Math.min(seconds / REFERENCE_SECONDS, 2)

  return {
    scenario,
    requests: makeRequests(outcomes, count, seed),
    models,
    tasks: outcomes.tasks,
    caps,
    exists: (model, at) => scenario !== 'drift' || model !== llama || at >= 0.3 * horizon,
    costOf,
    call(model, request, inflight) {
      const cap = caps[model] ?? 1
      const failed = (seconds: number): Result => {
        return { quality: 0, seconds, costUsd: 0, failed: true, utility: utility(0, 0, seconds) }
      }
      if (inflight > OVERLOAD * cap) return failed(OVERLOADED_SECONDS)
      if (request.luck < failureOf(model, request.at)) return failed(FAILED_SECONDS)
      const quality = (rows[request.row]?.s[model] ?? 0) * factorOf(model, request.at)
      const seconds = baseSeconds(model) * Math.exp(0.5 * request.noise) * Math.max(1, inflight / cap)
      const costUsd = costOf(model, request)
      return { quality, seconds, costUsd, failed: false, utility: utility(quality, costUsd, seconds) }
    },
    expected(model, request, inflight) {
      const quality = (means[request.task]?.[model] ?? 0) * factorOf(model, request.at)
      const seconds = baseSeconds(model) * MEAN_NOISE * Math.max(1, (inflight + 1) / (caps[model] ?? 1))
      return (1 - failureOf(model, request.at)) * utility(quality, costOf(model, request), seconds)
    },
  }
}

function makeRequests({ rows }: Outcomes, count: number, seed: number): Request[] {
  const stream = (name: string): Random => seededRandom(`${name} ${seed}`)
  const [arrivals, drawn, noises, lucks] = ['arrivals', 'rows', 'latency', 'failure'].map(stream) as [
    Random,
    Random,
    Random,
    Random,
  ]
  let at = 0
  return Array.from({ length: count }, () => {
    at += -Math.log(1 - arrivals()) / ARRIVALS_PER_SECOND
    const row = Math.floor(drawn() * rows.length)
    const { t: task = 0, tok: tokens = 0 } = rows[row] ?? {}
    return { at, row, task, tokens, noise: standardNormal(noises), luck: lucks() }
  })
}

/** Mean quality by task and model. */
function meanQualities({ tasks, models, rows }: Outcomes): number[][] {
  return tasks.map((_, task) => {
    const own = rows.filter(({ t }) => t === task)
    return models.map(
      (_model, model) => own.reduce((sum, { s }) => sum + (s[model] ?? 0), 0) / Math.max(1, own.length),
    )
  })
}
