import type { Estimate } from '../domain/estimate.ts'
import { type Random, seededRandom } from '../domain/random.ts'
import type { Step, Steps } from '../workflow/schema.ts'
import { type Prepared, prepare, type StepDraws } from './simulate.ts'
import { newRun, type Run, type Simulate } from './simulate-step.ts'

export type Basis = Estimate['steps'][number]['basis']

export type Known = {
  /** The distributions of a step, by place. */
  drawsAt(place: string, step: Step): StepDraws & { basis: Basis }
  /** The number of items of a fan-out, if known. */
  itemsAt(place: string): number | undefined
  /** The AWS cost of a task and its children with this number of step records, in US dollars. */
  usdOfRun(steps: number, tasks: number): number
}

type Options = { seed: string; samples?: number }

const SAMPLES = 2_000
const LEAST_SAMPLES = 100
/** The limit of draws in one estimate; a draw takes some tens of nanoseconds. */
const MOST_DRAWS = 600_000
/** The sample size for figures of single steps. */
const OF_STEPS = 400
/** The simulated runs of a child workflow. */
const OF_CHILD = 1_000

const ofStep = (values: Float64Array = new Float64Array(0)): Float64Array => values.sort()

/**
 * Estimates a workflow by 2,000 simulated runs (Monte Carlo). Quantiles are those of whole runs and not combined from steps: the longest
 * path of the means is not the median of the longest path.
 */
export function estimate(
  steps: Steps,
  { drawsAt, itemsAt, usdOfRun }: Known,
  { seed, samples: wished = SAMPLES }: Options,
): Omit<Estimate, 'assumptions'> {
  const random = seededRandom(seed)
  const bases = new Map<string, Basis>()
  const noting = (place: string, step: Step): StepDraws => {
    const { basis, ...draws } = drawsAt(place, step)
    bases.set(place, basis)
    return draws as StepDraws
  }
  const prepared = prepare(steps, noting, itemsAt)
  // A request waits for the estimate, so large workflows get fewer runs.
  const samples = Math.max(LEAST_SAMPLES, Math.min(wished, Math.floor(MOST_DRAWS / prepared.weight)))
  const runs = simulateAll(prepared, random, samples, usdOfRun)
  const { seconds, usd, tokens } = runs
  const path = mostCommon(runs.paths, prepared.places)
  return {
    seconds: withNinetyNine(seconds),
    usd: halfAndNine(usd),
    tokens: halfAndNine(tokens),
    successRate: seconds.length / samples,
    criticalPath: path,
    steps: prepared.places.map((stepId, at) => ({
      stepId,
      seconds: withNinetyNine(ofStep(runs.stepSeconds[at])),
      usd: halfAndNine(ofStep(runs.stepUsd[at])),
      tokens: halfAndNine(ofStep(runs.stepTokens[at])),
      critical: (runs.critical[at] as number) / Math.max(1, seconds.length),
      basis: basisOf(stepId, bases),
    })),
  }
}

/** The basis of a step's figures; for a loop the weakest basis in its body. */
function basisOf(place: string, bases: ReadonlyMap<string, Basis>): Basis {
  const own = [...bases].filter(([other]) => other === place || other.startsWith(`${place}.`))
  const found = own.map(([, basis]) => basis)
  if (found.includes('assumed')) return 'assumed'
  return found.includes('declared') ? 'declared' : 'measured'
}

function simulateAll(
  { places, simulate }: Prepared,
  random: Random,
  samples: number,
  usdOfRun: Known['usdOfRun'],
) {
  const count = places.length
  const arrays = (): Float64Array[] =>
    Array.from({ length: count }, () => new Float64Array(Math.min(samples, OF_STEPS)))
  const [stepSeconds, stepUsd, stepTokens] = [arrays(), arrays(), arrays()]
  const critical = new Float64Array(count)
  const needOf = new Int32Array(count)
  const [seconds, usd, tokens]: [number[], number[], number[]] = [[], [], []]
  const paths = new Map<string, number>()
  let at = 0
  const watch = (node: number, own: Run | undefined, need: number): void => {
    needOf[node] = need
    if (!own || at >= OF_STEPS) return
    ;(stepSeconds[node] as Float64Array)[at] = own.seconds
    ;(stepUsd[node] as Float64Array)[at] = own.usd
    ;(stepTokens[node] as Float64Array)[at] = own.tokens
  }
  for (at = 0; at < samples; at++) {
    const run = newRun()
    const last = simulate(random, run, watch)
    if (run.failed) continue
    let path = ''
    for (let node = last; node >= 0; node = needOf[node] as number) {
      critical[node] = (critical[node] as number) + 1
      path = `${node} ${path}`
    }
    paths.set(path, 1 + (paths.get(path) ?? 0))
    seconds.push(run.seconds)
    usd.push(run.usd + usdOfRun(run.steps, 1 + run.tasks))
    tokens.push(run.tokens)
  }
  return {
    stepSeconds,
    stepUsd,
    stepTokens,
    critical,
    paths,
    seconds: sorted(seconds),
    usd: sorted(usd),
    tokens: sorted(tokens),
  }
}

function mostCommon(paths: ReadonlyMap<string, number>, places: readonly string[]): string[] {
  const [[path = ''] = []] = [...paths].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
  return path
    .split(' ')
    .filter((node) => node !== '')
    .map((node) => places[Number(node)] as string)
}

/**
 * A child workflow as one step: some runs are simulated once, and each call draws one of them. Simulating each call anew would multiply
 * the work at each level of nesting.
 */
export function childOf(steps: Steps, known: Known): Simulate {
  const { simulate, weight } = prepare(steps, known.drawsAt, known.itemsAt)
  const count = Math.max(LEAST_SAMPLES, Math.min(OF_CHILD, Math.floor(MOST_DRAWS / weight)))
  let runs: Run[] | undefined
  return (random, run) => {
    runs ??= Array.from({ length: count }, () => {
      const one = newRun()
      simulate(random, one)
      return one
    })
    const drawn = runs[Math.floor(random() * count)] as Run
    run.seconds += drawn.seconds
    run.usd += drawn.usd
    run.tokens += drawn.tokens
    run.steps += drawn.steps
    run.tasks += drawn.tasks + 1
    if (drawn.failed) run.failed = true
  }
}

const sorted = (values: ArrayLike<number>): Float64Array => Float64Array.from(values).sort()

/** A quantile of sorted values; 0 when there are none. */
function quantile(values: Float64Array, share: number): number {
  if (values.length === 0) return 0
  return values[Math.min(values.length - 1, Math.floor(share * values.length))] as number
}

const halfAndNine = (values: Float64Array) => ({ p50: quantile(values, 0.5), p90: quantile(values, 0.9) })
const withNinetyNine = (values: Float64Array) => ({ ...halfAndNine(values), p99: quantile(values, 0.99) })
