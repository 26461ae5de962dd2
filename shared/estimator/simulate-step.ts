/** Simulates one step of a run: the calls of its agents, the items of its fan-out, the rounds of its loop. */

import type { Random } from '../domain/random.ts'
import {
  DEFAULT_CONCURRENCY,
  EXPECTED_ITEMS,
  type FanOut,
  isAgentStep,
  type Step,
} from '../workflow/schema.ts'
import type { Draw } from './draw.ts'

/** The distributions of one agent that may run a step. */
export type AgentDraws = {
  seconds: Draw
  usd: Draw
  tokens: Draw
  /** The cost of its function per second. */
  usdPerSecond: number
  failureShare: number
  /** The share of failures that are retryable. */
  retryableShare?: number
  /** Its concurrency limit. */
  maxConcurrency?: number | undefined
}

/** The totals of a run; a failed run ends at the time of its failure. `steps` counts step records, `tasks` child tasks. */
export type Run = {
  seconds: number
  usd: number
  tokens: number
  steps: number
  tasks: number
  failed: boolean
}

export const newRun = (): Run => ({ seconds: 0, usd: 0, tokens: 0, steps: 0, tasks: 0, failed: false })

export function clear(run: Run): void {
  run.seconds = 0
  run.usd = 0
  run.tokens = 0
  run.steps = 0
  run.tasks = 0
  run.failed = false
}

/** Adds one run to `run`. */
export type Simulate = (random: Random, run: Run) => void

/** One step, or one item of a fan-out; `weight` is the work of simulating it, in draws. */
export type Simulated = { simulate: Simulate; weight: number }

/** The overhead of an agent's step: the state transition and the Lambda invocation. */
const OVERHEAD_SECONDS = 0.05
/** The most simulated items; larger fan-outs are extrapolated from them. */
const MOST_SIMULATED = 64
const NO_RETRY = { maxAttempts: 1, intervalSeconds: 0, backoffRate: 1, maxDelaySeconds: 0 }

/** The items of a fan-out with a concurrency limit; as many are simulated as fit into `room` (in draws), at least one. */
export function itemsOf(
  step: FanOut,
  one: Simulated,
  room: number,
  items = EXPECTED_ITEMS,
  lanes = DEFAULT_CONCURRENCY,
): Simulated {
  const weight = one.weight + Math.min(lanes, MOST_SIMULATED) / 16
  const simulated = Math.min(items, MOST_SIMULATED, Math.max(1, Math.floor(room / weight)))
  return {
    simulate: fanOutOf(step, one.simulate, { items, simulated, atOnce: lanes }),
    weight: simulated * weight,
  }
}

/**
 * The calls of one agent after the other (simulate.ts, simulate/E2), and of judges after the one that has succeeded (simulate/E6). How often a judge refuses
 * an output is among the failures of its agent.
 */
export function callsOf(
  agents: readonly AgentDraws[],
  step: Step,
  judges: readonly AgentDraws[] = [],
): Simulate {
  const make = triesOf(agents, step)
  if (judges.length === 0) return make
  const judge = triesOf(judges, step)
  const isNeeded = isAgentStep(step) && step.evaluate?.atLeast !== undefined
  return (random, run) => {
    make(random, run)
    if (run.failed) return
    judge(random, run)
    if (!isNeeded) run.failed = false
  }
}

function triesOf(agents: readonly AgentDraws[], step: Step): Simulate {
  const { maxAttempts, intervalSeconds, backoffRate, maxDelaySeconds } = isAgentStep(step)
    ? step.retry
    : NO_RETRY
  return (random, run) => {
    for (let i = 0; i < agents.length; i++) {
      const agent = agents[i] as AgentDraws
      for (let attempt = 1; attempt <= maxAttempts; attempt++) {
        const own = agent.seconds(random)
        run.seconds += OVERHEAD_SECONDS + own
        run.usd += agent.usd(random) + own * agent.usdPerSecond
        run.tokens += agent.tokens(random)
        if (random() >= agent.failureShare) return
        if (attempt === maxAttempts || random() >= (agent.retryableShare ?? 0)) break
        // With full jitter.
        run.seconds += random() * Math.min(maxDelaySeconds, intervalSeconds * backoffRate ** (attempt - 1))
      }
    }
    run.failed = true
  }
}

export const lanesOf = (
  { maxConcurrency = DEFAULT_CONCURRENCY }: Pick<FanOut, 'maxConcurrency'>,
  [first]: readonly AgentDraws[],
): number => Math.min(maxConcurrency, first?.maxConcurrency ?? Number.POSITIVE_INFINITY)

/** Runs items up to the concurrency limits of fan-out and agent; the next starts when one has ended. */
function fanOutOf(
  { tolerate = 0 }: Pick<FanOut, 'tolerate'>,
  one: Simulate,
  { items, simulated, atOnce }: { items: number; simulated: number; atOnce: number },
): Simulate {
  const scale = items / Math.max(1, simulated)
  const lanes = new Float64Array(Math.max(1, Math.min(atOnce, simulated)))
  // Few samples stand for many items: repeated if more rounds of them follow, otherwise in sequence.
  const isShort = simulated < Math.min(items, MOST_SIMULATED)
  const longer = isShort ? Math.ceil(items / atOnce) / Math.ceil(simulated / lanes.length) : scale
  const tolerated = typeof tolerate === 'number' ? tolerate : (Number.parseInt(tolerate, 10) / 100) * items
  const item = newRun()
  return (random, run) => {
    lanes.fill(0)
    let [failed, end] = [0, 0]
    for (let at = 0; at < simulated; at++) {
      clear(item)
      one(random, item)
      let lane = 0
      for (let other = 1; other < lanes.length; other++)
        if ((lanes[other] as number) < (lanes[lane] as number)) lane = other
      lanes[lane] = (lanes[lane] as number) + item.seconds
      end = Math.max(end, lanes[lane] as number)
      run.usd += item.usd * scale
      run.tokens += item.tokens * scale
      // An item run by an agent counts as one step, without inner steps or tasks.
      run.steps += item.steps * scale
      run.tasks += item.tasks * scale
      if (item.failed) failed += scale
    }
    run.steps += items
    // If all items run concurrently, more of them hardly take longer.
    run.seconds += atOnce >= items ? end : end * longer
    if (failed > tolerated) run.failed = true
  }
}

/** Each round is the last with probability one half, up to `maxIterations`. */
export function loopOf({ maxIterations }: { maxIterations: number }, body: Simulate): Simulate {
  const round = newRun()
  return (random, run) => {
    let rounds = 1
    while (rounds < maxIterations && random() < 0.5) rounds++
    for (let at = 0; at < rounds; at++) {
      clear(round)
      body(random, round)
      run.seconds += round.seconds
      run.usd += round.usd
      run.tokens += round.tokens
      run.steps += round.steps
      run.tasks += round.tasks
      if (!round.failed) continue
      run.failed = true
      return
    }
  }
}
