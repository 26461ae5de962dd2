import { estimatePlan } from '../../shared/app/estimates/estimate-plan.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import { WorkflowSchema } from '../../shared/workflow/schema.ts'
import { makeWorld } from './calibrate.ts'

const STEPS = 50
const RUNS = 21

export type Speed = { runs: number; samples: number; medianMilliseconds: number; leastMilliseconds: number }

/** Times an estimate as the API computes it: 50 steps, 2,000 samples, from the agents' counters to the quantiles. */
export async function timeEstimate(): Promise<Speed> {
  const random = seededRandom('speed')
  const world = makeWorld(random, STEPS)
  const steps = Object.fromEntries(
    Array.from({ length: STEPS }, (_, at) => {
      const near = `s${Math.max(0, at - 1 - Math.floor(random() * 5))}`
      const needs = at === 0 ? [] : [`s${Math.floor(random() * at)}`, near]
      return [`s${at}`, { capability: `work.c${at}`, needs: [...new Set(needs)] }]
    }),
  )
  const workflow = WorkflowSchema.parse({ name: 'fifty', steps })
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const began = performance.now()
    await estimatePlan(world.ports, { workflow, input: {}, bindings: {}, decisions: [], seed: `${run}` })
    times.push(performance.now() - began)
  }
  times.sort((a, b) => a - b)
  return {
    runs: RUNS,
    samples: 2_000,
    medianMilliseconds: times[Math.floor(RUNS / 2)] ?? 0,
    leastMilliseconds: times[0] ?? 0,
  }
}
