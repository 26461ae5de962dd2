import { seededRandom } from '../../shared/domain/random.ts'
import { drawFrom } from '../../shared/estimator/draw.ts'
import { estimate } from '../../shared/estimator/estimate.ts'
import { histogramAt } from '../../shared/selector/decayed-counters.ts'
import { WorkflowSchema } from '../../shared/workflow/schema.ts'
import { makeTrueAgent, observe } from './random-world.ts'

const STEPS = 50
const RUNS = 21
const NOW = 1_790_000_000

export type Speed = { runs: number; samples: number; medianMilliseconds: number; leastMilliseconds: number }

/** An estimate of 50 steps from 2,000 samples, from its histograms to its quantiles. */
export function timeEstimate(): Speed {
  const random = seededRandom('speed')
  const steps = Object.fromEntries(
    Array.from({ length: STEPS }, (_, at) => {
      const needs =
        at === 0
          ? []
          : [`s${Math.floor(random() * at)}`, `s${Math.max(0, at - 1 - Math.floor(random() * 5))}`]
      return [`s${at}`, { capability: 'work.do', needs: [...new Set(needs)] }]
    }),
  )
  const workflow = WorkflowSchema.parse({ name: 'fifty', steps })
  const agents = Array.from({ length: STEPS }, (_, at) => {
    const epochs = observe(makeTrueAgent(random, `a${at}`, 'work.do'), 200, NOW, random)
    return new Map((['h', 'c', 't'] as const).map((measure) => [measure, histogramAt(epochs, NOW, measure)]))
  })
  const times = Array.from({ length: RUNS }, (_, run) => {
    const began = performance.now()
    let at = 0
    const drawsAt = () => {
      const known = agents[at++ % STEPS]
      const draw = (measure: 'h' | 'c' | 't') => drawFrom(known?.get(measure) ?? []) ?? (() => 0)
      const one = {
        seconds: draw('h'),
        usd: draw('c'),
        tokens: draw('t'),
        usdPerSecond: 1e-5,
        failureShare: 0.02,
      }
      return { agents: [one, one], basis: 'measured' as const }
    }
    estimate(workflow.steps, { drawsAt, itemsAt: () => undefined, usdOfRun: () => 0 }, { seed: `${run}` })
    return performance.now() - began
  }).sort((a, b) => a - b)
  return {
    runs: RUNS,
    samples: 2_000,
    medianMilliseconds: times[Math.floor(RUNS / 2)] ?? 0,
    leastMilliseconds: times[0] ?? 0,
  }
}
