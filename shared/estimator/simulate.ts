/**
 * Simulates one run of a workflow: durations, costs and failures are drawn from statistics and combined as Step Functions would.
 *
 * Invariants (tests cite them):
 * simulate/E1 a step begins when all steps that it needs have ended; the run ends with its last step
 * simulate/E2 a failed step is retried by the same agent after a retryable failure, then by the next agents in order; when all have failed,
 *    its `onFailure` applies as in a real run
 * simulate/E3 the same seed draws the same runs
 * simulate/E4 a run has as many step records as a real one, including items of fan-outs, rounds of loops, and tasks of children
 * simulate/E6 an output with a judge takes the time and the money of its judge as well; a judge that fails fails the step where it says `atLeast`
 * simulate/E5 one run takes a bounded number of draws, however fan-outs and loops are nested: the number of steps, or 20,000
 */

import type { Random } from '../domain/random.ts'
import { needsOf, topologicalOrder } from '../workflow/graph.ts'
import { isEach, isFanOut, type Step, type Steps } from '../workflow/schema.ts'
import { loopIn } from '../workflow/step-kinds.ts'
import { graphOfWorkflow, handledBy } from '../workflow/step-needs.ts'
import type { Draw } from './draw.ts'
import {
  type AgentDraws,
  callsOf,
  clear,
  itemsOf,
  lanesOf,
  loopOf,
  newRun,
  type Run,
  type Simulate,
  type Simulated,
} from './simulate-step.ts'

/**
 * The distributions of a step: its agents, best first, or its duration without an agent. `runs` is the probability that its condition
 * holds; 1 when absent.
 */
export type StepDraws = (
  | { agents: readonly AgentDraws[]; judges?: readonly AgentDraws[] }
  | { seconds: Draw }
  | { child: Simulate }
) & {
  runs?: number | undefined
}

/** The limit of draws in one run; larger workflows are simulated with fewer items in their fan-outs. */
const MOST_WEIGHT = 20_000

/** How many needs are checked in the time of one draw. */
const NEEDS_OF_DRAW = 16

const [OK, FAILED, SKIPPED] = [0, 1, 2]

/** Called for each step, also for skipped ones (without a run), with the need that ended last. */
export type Watch = (at: number, step: Run | undefined, criticalNeed: number) => void

export type Prepared = {
  /** In the order in which they are simulated. */
  places: string[]
  /** The work of one simulation, in draws. */
  weight: number
  simulate(random: Random, run: Run, watch?: Watch): number
}

/**
 * Prepares a graph for repeated simulation; `simulate` returns the step that ended last. `drawsAt` is called once for each step, including
 * those in loops; `itemsAt` gives the number of items of a fan-out, if known.
 */
export function prepare(
  steps: Steps,
  drawsAt: (place: string, step: Step) => StepDraws,
  itemsAt: (place: string) => number | undefined,
  scope = '',
  room = MOST_WEIGHT,
): Prepared {
  const graph = graphOfWorkflow({ steps })
  const order = topologicalOrder(graph)
  const indexOf = new Map(order.map((id, at) => [id, at]))
  const roomOfStep = room / order.length
  const nodes = order.map((id) => {
    const step = steps[id] as Step
    const place = scope === '' ? id : `${scope}.${id}`
    const handled = new Set(handledBy({ steps }, id))
    const needs = [...needsOf(graph, id)]
    const indexes = (some: string[]) => Int32Array.from(some, (need) => indexOf.get(need) as number)
    return {
      step,
      needs: indexes(needs.filter((need) => !handled.has(need))),
      handled: indexes([...handled]),
      ...simulateStep(step, place, drawsAt, itemsAt, roomOfStep),
    }
  })
  const ends = new Float64Array(nodes.length)
  const states = new Uint8Array(nodes.length)
  const own = newRun()

  return {
    places: order.map((id) => (scope === '' ? id : `${scope}.${id}`)),
    weight: nodes.reduce((sum, { weight, needs }) => sum + weight + needs.length / NEEDS_OF_DRAW, 0),
    simulate(random, run, watch) {
      let [last, end, failedAt] = [-1, 0, Number.POSITIVE_INFINITY]
      for (let at = 0; at < nodes.length; at++) {
        const node = nodes[at] as (typeof nodes)[number]
        let [begin, latest, good, bad] = [0, -1, 0, 0]
        // An indexed loop, because this is the hot path of an estimate.
        for (let i = 0; i < node.needs.length; i++) {
          const need = node.needs[i] as number
          const ended = ends[need] as number
          if (ended > begin) [begin, latest] = [ended, need]
          if (states[need] === OK) good++
        }
        for (let i = 0; i < node.handled.length; i++) {
          const need = node.handled[i] as number
          const ended = ends[need] as number
          if (ended > begin) [begin, latest] = [ended, need]
          if (states[need] === FAILED) bad++
        }
        run.steps += 1
        if (!runs(node, good, bad) || (node.share < 1 && random() >= node.share)) {
          ends[at] = begin
          states[at] = SKIPPED
          watch?.(at, undefined, latest)
          continue
        }
        clear(own)
        node.simulate(random, own)
        // Steps that have not started when the run fails cost nothing.
        if (begin < failedAt) {
          run.usd += own.usd
          run.tokens += own.tokens
          run.steps += own.steps
          run.tasks += own.tasks
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

function runs(
  { step, needs, handled }: { step: Step; needs: Int32Array; handled: Int32Array },
  good: number,
  bad: number,
): boolean {
  if (handled.length > 0 && bad === 0) return false
  if (needs.length === 0 || step.join === 'settled') return true
  return step.join === 'any' ? good > 0 : good === needs.length
}

function simulateStep(
  step: Step,
  place: string,
  drawsAt: (place: string, step: Step) => StepDraws,
  itemsAt: (place: string) => number | undefined,
  room: number,
): Simulated & { share: number } {
  const loop = loopIn(step)
  if (loop) {
    const { runs: share = 1 } = drawsAt(place, step)
    const body = prepare(loop.steps, drawsAt, itemsAt, place, room / 2)
    return { simulate: loopOf(loop, body.simulate), weight: 2 * body.weight, share }
  }
  const draws = drawsAt(place, step)
  const { runs: share = 1 } = draws
  if (isEach(step)) {
    const { simulate: item, weight } = prepare(step.steps, drawsAt, itemsAt, place, room)
    const one = { simulate: (random: Random, run: Run) => void item(random, run), weight }
    return { ...itemsOf(step, one, room, itemsAt(place), step.maxConcurrency), share }
  }
  if ('child' in draws) {
    const one = { simulate: draws.child, weight: 1 }
    return {
      ...(isFanOut(step) ? itemsOf(step, one, room, itemsAt(place), step.maxConcurrency) : one),
      share,
    }
  }
  if ('seconds' in draws) {
    const { seconds } = draws
    const simulate: Simulate = (random, run) => {
      run.seconds += seconds(random)
    }
    return { simulate, weight: 1, share }
  }
  const { agents, judges = [] } = draws
  const one = { simulate: callsOf(agents, step, judges), weight: judges.length > 0 ? 2 : 1 }
  if (!isFanOut(step)) return { ...one, share }
  return { ...itemsOf(step, one, room, itemsAt(place), lanesOf(step, agents)), share }
}
