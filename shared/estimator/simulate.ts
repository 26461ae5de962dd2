/**
 * One run of a workflow that was never run: durations, costs and failures drawn from what is known, put together as Step Functions would.
 *
 * Invariants (tests cite them):
 * E1 a step begins when all that it needs have ended; the run ends with its last step
 * E2 a step that fails goes to the agents after it, in their order; when all have failed its policy decides as it does in earnest
 * E3 the same seed draws the same runs
 */

import type { Random } from '../domain/random.ts'
import { needsOf, topologicalOrder } from '../workflow/graph.ts'
import {
  type AgentStep,
  EXPECTED_ITEMS,
  isAgentStep,
  isLoop,
  type Step,
  type Steps,
} from '../workflow/schema.ts'
import { graphOfWorkflow } from '../workflow/step-needs.ts'
import type { Draw } from './draw.ts'

/** What is known of one agent that may run a step. */
export type AgentDraws = {
  seconds: Draw
  usd: Draw
  tokens: Draw
  /** What its function costs while it runs. */
  usdPerSecond: number
  failureShare: number
}

/** What is known of a step, by place: the agents that may run it, best first; or how long it takes without any. */
export type StepDraws = { agents: readonly AgentDraws[] } | { seconds: Draw } | { child: Simulate }

/** What a run has come to; a run that failed has failed at that time. */
export type Run = { seconds: number; usd: number; tokens: number; steps: number; failed: boolean }

/** Adds one run to `run`. */
export type Simulate = (random: Random, run: Run) => void

/** Of a step that an agent runs: the state's transition, and the call of its function. */
const OVERHEAD_SECONDS = 0.05
/** More items are as many of these, one after the other. */
const MOST_SIMULATED = 64
const DEFAULT_CONCURRENCY = 10

const [OK, FAILED, SKIPPED] = [0, 1, 2]

export type Watch = (at: number, step: { seconds: number; usd: number }, criticalNeed: number) => void

export type Prepared = {
  /** In the order in which they are simulated. */
  places: string[]
  simulate(random: Random, run: Run, watch?: Watch): number
}

/**
 * The steps of a graph, ready to be simulated often; `simulate` answers which step ended last. `drawsAt` is asked once for each step, those of
 * loops included; `itemsAt` how many items a fan-out has, where that is known.
 */
export function prepare(
  steps: Steps,
  drawsAt: (place: string, step: Step) => StepDraws,
  itemsAt: (place: string) => number | undefined,
  scope = '',
): Prepared {
  const graph = graphOfWorkflow({ steps })
  const order = topologicalOrder(graph)
  const indexOf = new Map(order.map((id, at) => [id, at]))
  const nodes = order.map((id) => {
    const step = steps[id] as Step
    const place = scope === '' ? id : `${scope}.${id}`
    const needs = Int32Array.from(needsOf(graph, id), (need) => indexOf.get(need) as number)
    return {
      step,
      needs,
      isHandler: isHandler(steps, id),
      simulate: simulateStep(step, place, drawsAt, itemsAt),
    }
  })
  const ends = new Float64Array(nodes.length)
  const states = new Uint8Array(nodes.length)
  const own: Run = { seconds: 0, usd: 0, tokens: 0, steps: 0, failed: false }

  return {
    places: order.map((id) => (scope === '' ? id : `${scope}.${id}`)),
    simulate(random, run, watch) {
      let [last, end, failedAt] = [-1, 0, Number.POSITIVE_INFINITY]
      for (let at = 0; at < nodes.length; at++) {
        const node = nodes[at] as (typeof nodes)[number]
        let [begin, latest, good, bad] = [0, -1, 0, 0]
        for (const need of node.needs) {
          const ended = ends[need] as number
          if (ended > begin) [begin, latest] = [ended, need]
          if (states[need] === OK) good++
          else if (states[need] === FAILED) bad++
        }
        if (!runs(node, good, bad)) {
          ends[at] = begin
          states[at] = SKIPPED
          continue
        }
        own.seconds = 0
        own.usd = 0
        own.failed = false
        own.tokens = 0
        node.simulate(random, own)
        // What has not begun when the run fails costs nothing.
        if (begin < failedAt) {
          run.usd += own.usd
          run.tokens += own.tokens
          run.steps += 1
        }
        const ended = begin + own.seconds
        ends[at] = ended
        states[at] = own.failed ? FAILED : OK
        if (own.failed && node.step.onFailure === 'fail') failedAt = Math.min(failedAt, ended)
        if (own.failed && isDegraded(node.step)) states[at] = OK
        if (ended > end) [end, last] = [ended, at]
        watch?.(at, own, latest)
      }
      if (failedAt < Number.POSITIVE_INFINITY) run.failed = true
      run.seconds += run.failed ? Math.min(end, failedAt) : end
      return last
    },
  }
}

const isDegraded = ({ onFailure }: Step): boolean => typeof onFailure === 'object' && 'output' in onFailure

/** Steps name it as theirs for when they have failed. */
function isHandler(steps: Steps, id: string): boolean {
  return Object.values(steps).some(
    ({ onFailure }) => typeof onFailure === 'object' && 'step' in onFailure && onFailure.step === id,
  )
}

function runs(
  { step, needs, isHandler: handles }: { step: Step; needs: Int32Array; isHandler: boolean },
  good: number,
  bad: number,
): boolean {
  if (handles) return bad > 0
  if (needs.length === 0 || step.join === 'settled') return true
  return step.join === 'any' ? good > 0 : good === needs.length
}

function simulateStep(
  step: Step,
  place: string,
  drawsAt: (place: string, step: Step) => StepDraws,
  itemsAt: (place: string) => number | undefined,
): Simulate {
  if (isLoop(step)) return loopOf(step.repeat, prepare(step.repeat.steps, drawsAt, itemsAt, place))
  const draws = drawsAt(place, step)
  if ('child' in draws) return draws.child
  if ('seconds' in draws) {
    const { seconds } = draws
    return (random, run) => {
      run.seconds += seconds(random)
    }
  }
  const one = callsOf(draws.agents)
  if (!isAgentStep(step) || step.forEach === undefined) return one
  return fanOutOf(step, one, itemsAt(place) ?? EXPECTED_ITEMS)
}

/** E2. */
function callsOf(agents: readonly AgentDraws[]): Simulate {
  return (random, run) => {
    for (const { seconds, usd, tokens, usdPerSecond, failureShare } of agents) {
      const own = seconds(random)
      run.seconds += OVERHEAD_SECONDS + own
      run.usd += usd(random) + own * usdPerSecond
      run.tokens += tokens(random)
      if (random() >= failureShare) return
    }
    run.failed = true
  }
}

/** As many at once as it may have; the next begins when one has ended. */
function fanOutOf(
  { maxConcurrency = DEFAULT_CONCURRENCY, tolerate = 0 }: AgentStep,
  one: Simulate,
  items: number,
): Simulate {
  const simulated = Math.min(items, MOST_SIMULATED)
  const scale = items / Math.max(1, simulated)
  const lanes = new Float64Array(Math.max(1, Math.min(maxConcurrency, simulated)))
  const tolerated = typeof tolerate === 'number' ? tolerate : (Number.parseInt(tolerate, 10) / 100) * items
  const item: Run = { seconds: 0, usd: 0, tokens: 0, steps: 0, failed: false }
  return (random, run) => {
    lanes.fill(0)
    let [failed, end] = [0, 0]
    for (let at = 0; at < simulated; at++) {
      item.seconds = 0
      item.usd = 0
      item.tokens = 0
      item.failed = false
      one(random, item)
      let lane = 0
      for (let other = 1; other < lanes.length; other++)
        if ((lanes[other] as number) < (lanes[lane] as number)) lane = other
      lanes[lane] = (lanes[lane] as number) + item.seconds
      end = Math.max(end, lanes[lane] as number)
      run.usd += item.usd * scale
      run.tokens += item.tokens * scale
      if (item.failed) failed += scale
    }
    // Where all run at once more of them take hardly longer.
    run.seconds += maxConcurrency >= items ? end : end * scale
    if (failed > tolerated) run.failed = true
  }
}

/** Each round is as likely to be the last as not, up to the most that there may be. */
function loopOf({ maxIterations }: { maxIterations: number }, body: Prepared): Simulate {
  const round: Run = { seconds: 0, usd: 0, tokens: 0, steps: 0, failed: false }
  return (random, run) => {
    let rounds = 1
    while (rounds < maxIterations && random() < 0.5) rounds++
    for (let at = 0; at < rounds; at++) {
      round.seconds = 0
      round.usd = 0
      round.tokens = 0
      round.failed = false
      body.simulate(random, round)
      run.seconds += round.seconds
      run.usd += round.usd
      run.tokens += round.tokens
      if (!round.failed) continue
      run.failed = true
      return
    }
  }
}
