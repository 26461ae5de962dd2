import type { Random } from '../../shared/domain/random.ts'
import { PRICES } from '../../shared/estimator/prices.ts'
import { usdOfRun, usdPerSecond } from '../../shared/estimator/usage-of-run.ts'
import { isAgentStep } from '../../shared/workflow/schema.ts'
import { needsOfStep } from '../../shared/workflow/step-needs.ts'
import type { RandomPlan } from './random-plan.ts'
import { callOf, type TrueAgent } from './random-world.ts'

/** Of a transition and a call, as everywhere. */
const OVERHEAD_SECONDS = 0.05
const MEMORY_MB = 512

type Ran = { seconds: number; usd: number; failed: boolean }

/** A task, as it really goes: written apart from the estimator, so that the two can disagree. */
export function runPlan(
  { workflow, input }: RandomPlan,
  agentsOf: (capability: string) => readonly TrueAgent[],
  random: Random,
): Ran {
  const ends = new Map<string, number>()
  let [usd, records] = [0, 0]
  let brokenAt: number | undefined

  /** Three times the same agent where its failures are such, after 2 and 4 s with full jitter; then the next. */
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

  // Steps are numbered so that each comes after those it needs.
  for (const [id, step] of Object.entries(workflow.steps)) {
    if (!isAgentStep(step)) continue
    const begin = Math.max(0, ...[...needsOfStep(step)].map((need) => ends.get(need) ?? 0))
    records += 1
    // The two conditions that there are.
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

/** So many at a time, each lane taking the next when it is free; half of them may fail. */
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
