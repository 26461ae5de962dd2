import { createHash } from 'node:crypto'
import { type Compiled, compileWorkflow, issuesOfCompiling } from '../../shared/compiler/index.ts'
import { criticalPath, findCycle, type Graph } from '../../shared/workflow/graph.ts'
import type { Workflow } from '../../shared/workflow/schema.ts'
import { graphOfWorkflow } from '../../shared/workflow/step-needs.ts'
import { type PlanGraph, stepIdOf, workflowFromGraph } from '../workflow-from-graph.ts'
import { type Distribution, distributionOf } from './distribution.ts'
import { type Run, runCompiled } from './run-compiled.ts'

export type Report = {
  graphs: number
  /** Cyclic plans, which have no topological order. */
  refused: number
  /** Plans compiled without a gate. */
  seriesParallel: number
  /** The ratio of the makespan in the engine to the critical path, with durations varied by +-50 % around the estimates. */
  makespanRatio: Distribution
  transitionsPerStep: Distribution
  /** `overall` is the ratio of all gates to all steps. */
  gatesPerStep: Distribution & { overall: number }
  compileMs: Distribution
  bytesPerStep: Distribution
  /** Distinct definitions after steps are renamed to their positions. */
  machines: number
}

/** The seed of the durations, so that every run has the same. */
const SEED = 1

type Compile = (
  workflow: Workflow,
) => Pick<Compiled, 'definition' | 'gates' | 'counts'> & Partial<Pick<Compiled, 'parts'>>

/** Compiles every plan and runs the result. A test passes a defective `compile` to show that the checks find it. */
export async function measurePlans(
  plans: readonly PlanGraph[],
  {
    compile = compileWorkflow,
    onPlan = () => {},
  }: { compile?: Compile; onPlan?: (done: number) => void } = {},
): Promise<Report> {
  const random = randomFrom(SEED)
  const seen = {
    makespan: [] as number[],
    transitions: [] as number[],
    gates: [] as number[],
    milliseconds: [] as number[],
    bytes: [] as number[],
  }
  const machines = new Set<string>()
  let [refused, gates, steps] = [0, 0, 0]
  for (const [index, plan] of plans.entries()) {
    onPlan(index)
    const workflow = workflowFromGraph(plan)
    const graph = graphOfWorkflow(workflow)
    if (findCycle(graph)) {
      refused += 1
      requireRefusal(workflow)
      continue
    }
    const started = performance.now()
    const compiled = compile(workflow)
    seen.milliseconds.push(performance.now() - started)
    const durations = new Map(
      plan.w.map((seconds, step) => [stepIdOf(step), durationAround(seconds, random)]),
    )
    const durationOf = (step: string): number => durations.get(step) ?? 0
    const run = await runCompiled(compiled, durationOf)
    requireOrder(graph, run.spans)
    seen.makespan.push(run.milliseconds / criticalPath(graph, durationOf).length)
    seen.transitions.push(run.transitions / plan.n)
    seen.gates.push(compiled.gates.length / plan.n)
    seen.bytes.push(compiled.counts.definitionBytes / plan.n)
    gates += compiled.gates.length
    steps += plan.n
    machines.add(digest(compileWorkflow(workflow, { anonymous: true }).definition))
  }
  return {
    graphs: plans.length,
    refused,
    seriesParallel: seen.gates.filter((share) => share === 0).length,
    makespanRatio: distributionOf(seen.makespan),
    transitionsPerStep: distributionOf(seen.transitions),
    gatesPerStep: { overall: steps === 0 ? 0 : gates / steps, ...distributionOf(seen.gates) },
    compileMs: distributionOf(seen.milliseconds),
    bytesPerStep: distributionOf(seen.bytes),
    machines: machines.size,
  }
}

/** Whole milliseconds, so that durations compare exactly; at least one. */
function durationAround(seconds: number, random: () => number): number {
  return Math.max(1, Math.round(seconds * 1_000 * (0.5 + random())))
}

/** The error of a cyclic plan names its steps in order. */
function requireRefusal(workflow: Workflow): void {
  const [issue] = issuesOfCompiling(workflow)
  const [, cycle = ''] = /circle: (.+)$/.exec(issue?.message ?? '') ?? []
  const steps = cycle.split(' -> ')
  const graph = graphOfWorkflow(workflow)
  const isOrdered = steps.slice(1).every((step, index) => graph.get(step)?.has(steps[index] ?? ''))
  if (steps.length < 2 || steps[0] !== steps.at(-1) || !isOrdered)
    throw new Error(`${workflow.name}: no cycle is named, but: ${issue?.message}`)
}

/** Checks that every step ran once, after its needs: otherwise the measurement is void. */
function requireOrder(graph: Graph, spans: Run['spans']): void {
  const byStep = new Map(spans.map((span) => [span.step, span]))
  if (byStep.size !== graph.size || spans.length !== graph.size)
    throw new Error(`${graph.size} steps, and ${spans.length} runs of ${byStep.size} of them`)
  for (const [step, needs] of graph) {
    const { start = 0 } = byStep.get(step) ?? {}
    const early = [...needs].find((need) => (byStep.get(need)?.end ?? 0) > start)
    if (early) throw new Error(`${step} began before ${early} had ended, which it needs`)
  }
}

const digest = (definition: object): string =>
  createHash('sha256').update(JSON.stringify(definition)).digest('hex')

/** Mulberry32: a small seeded generator of random numbers. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
