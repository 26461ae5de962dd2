import type { Random } from '../../shared/domain/random.ts'
import { PRICES } from '../../shared/estimator/prices.ts'
import { usdOfRun, usdPerSecond } from '../../shared/estimator/usage-of-run.ts'
import { isAgentStep } from '../../shared/workflow/schema.ts'
import { needsOfStep } from '../../shared/workflow/step-needs.ts'
import type { RandomPlan } from './random-plan.ts'
import { callOf, type TrueAgent } from './random-world.ts'

/** The overhead of a transition and a call, the same in all benchmarks. */
const OVERHEAD_SECONDS = 0.05
const MEMORY_MB = 512

type Ran = { seconds: number; usd: number; failed: boolean }

/** Runs a task in the true world: independent of the estimator's code, so that errors there show. */
export function runPlan(
  { workflow, input }: RandomPlan,
  agentsOf: (capability: string) => readonly TrueAgent[],
  random: Random,
): Ran {
  const ends = new Map<string, number>()
  let [usd, records] = [0, 0]
  let brokenAt: number | undefined

  /** Tries an agent up to three times if its failure is retryable, with full jitter up to 2 and 4 s; then the fallback. */
  const call = (agents: readonly TrueAgent[]): Ran => {
    const ran: Ran = { seconds: 0, usd: 0, failed: true }
    for (const agent of agents) {
      for (let tries = 1, again = true; again && tries <= 3; tries++) {
        const one = callOf(agent, random)
        ran.seconds += OVERHEAD_SECONDS + one.seconds
        ran.usd += one.usd + one.seconds * usdPerSecond(MEMORY_MB, PRICES)
        if (!one.failed) return { ...ran, failed: false }
        again = one.retryable
        if (again && tries < 3) ran.seconds += random() * 2 ** tries
      }
    }
    return ran
  }

  // Steps are in topological order.
  for (const [id, step] of Object.entries(workflow.steps)) {
    if (!isAgentStep(step)) continue
    const begin = Math.max(0, ...[...needsOfStep(step)].map((need) => ends.get(need) ?? 0))
    records += 1
    // The generated plans have only these two conditions.
    if (step.when !== undefined && step.when.includes('$not') === input.wanted) {
      ends.set(id, begin)
      continue
    }
    const agents = agentsOf(step.capability ?? '')
    const ran =
      step.forEach === undefined
        ? call(agents)
        : fanOut(input.list.length, step.maxConcurrency ?? 10, () => call(agents))
    ends.set(id, begin + ran.seconds)
    usd += ran.usd
    if (step.forEach !== undefined) records += input.list.length
    if (ran.failed && step.onFailure === 'fail')
      brokenAt = Math.min(brokenAt ?? Number.POSITIVE_INFINITY, begin + ran.seconds)
  }
  return {
    seconds: Math.max(...ends.values()),
    usd: usd + usdOfRun(records, 1, PRICES),
    failed: brokenAt !== undefined,
  }
}

/** Each lane takes the next item when it is free; half of the items may fail. */
function fanOut(items: number, lanes: number, one: () => Ran): Ran {
  const free = new Array<number>(lanes).fill(0)
  let [usd, failed] = [0, 0]
  for (let item = 0; item < items; item++) {
    const lane = free.indexOf(Math.min(...free))
    const ran = one()
    free[lane] = (free[lane] ?? 0) + ran.seconds
    usd += ran.usd
    failed += Number(ran.failed)
  }
  return { seconds: Math.max(...free), usd, failed: failed > items / 2 }
}
