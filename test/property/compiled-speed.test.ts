import { describe, expect, it } from 'vitest'
import { measurePlans, randomFrom } from '../../bench/compiler/measure-plans.ts'
import type { PlanGraph } from '../../bench/workflow-from-graph.ts'
import type { Tree } from '../../shared/compiler/decompose.ts'
import { flowOf } from '../../shared/compiler/flow.ts'
import { compileWorkflow } from '../../shared/compiler/index.ts'
import { statesOfStep } from '../../shared/compiler/step-states.ts'
import { needsOf, topologicalOrder } from '../../shared/workflow/graph.ts'
import type { AgentStep, Workflow } from '../../shared/workflow/schema.ts'
import { graphOfWorkflow } from '../../shared/workflow/step-needs.ts'

const GRAPHS = Number(process.env.ORCHESTRATOR_GRAPHS ?? 40)

/** Every forward pair is an edge with probability 2/n, which gives a non-series-parallel edge every few steps. */
function randomPlans(count: number, [fewest, most]: [number, number], seed: number): PlanGraph[] {
  const random = randomFrom(seed)
  return Array.from({ length: count }, (_, index) => {
    const n = fewest + Math.floor(random() * (most - fewest + 1))
    const pairs = Array.from({ length: n }, (_, before) =>
      Array.from({ length: n - before - 1 }, (_, further): [number, number] => [
        before,
        before + further + 1,
      ]),
    ).flat()
    const w = Array.from({ length: n }, () => 1 + 20 * random())
    return { name: `random ${index}`, n, e: pairs.filter(() => random() < 2 / n), w }
  })
}

describe('what is compiled, run by the engine', () => {
  it(`ends in the time of the critical path: ${GRAPHS} random graphs of 8 to 60 steps`, async () => {
    const report = await measurePlans(randomPlans(GRAPHS, [8, 60], 7))
    expect(report).toMatchObject({ graphs: GRAPHS, refused: 0, makespanRatio: { median: 1, max: 1 } })
    expect(report.seriesParallel).toBeLessThan(GRAPHS / 2)
    expect(report.transitionsPerStep.median).toBeLessThanOrEqual(1.6)
  })

  it('ends in that time when it is split over several executions, gates between them and all (split/X1)', async () => {
    let parts = 0
    const compile = (workflow: Workflow) => {
      const compiled = compileWorkflow(workflow, { maxBytes: 15_000 })
      const [largest = 0] = [compiled, ...compiled.parts].map(bytesOf).sort((a, b) => b - a)
      expect(largest).toBeLessThanOrEqual(15_000)
      parts += compiled.parts.length
      return compiled
    }
    const report = await measurePlans(randomPlans(GRAPHS, [8, 60], 11), { compile })
    expect(report).toMatchObject({ graphs: GRAPHS, refused: 0, makespanRatio: { median: 1, max: 1 } })
    expect(parts).toBeGreaterThan(2 * GRAPHS)
  })

  it('would be slower with levels in place of gates', async () => {
    const { makespanRatio } = await measurePlans(randomPlans(20, [8, 20], 8), { compile: byLevels })
    expect(makespanRatio.median).toBeGreaterThan(1.05)
  })

  it('would break without a gate', async () => {
    const plans = randomPlans(20, [8, 20], 9)
    await expect(measurePlans(plans, { compile: withoutFirstGate })).rejects.toThrow(
      /began before .* which it needs/,
    )
  })

  it('would hang if a producer did not signal a gate', async () => {
    const plans = randomPlans(20, [8, 20], 9)
    const compile = (workflow: Workflow) => ({ ...compileWorkflow(workflow), gates: [] })
    await expect(measurePlans(plans, { compile })).rejects.toThrow(/FAILED/)
  })
})

const bytesOf = ({ definition }: { definition: object }): number => JSON.stringify(definition).length

type Compiled = ReturnType<typeof compileWorkflow>

/** The common alternative: level by level, each waiting for its slowest step. */
function byLevels(workflow: Workflow): Compiled {
  const graph = graphOfWorkflow(workflow)
  const levels = new Map<string, number>()
  for (const id of topologicalOrder(graph))
    levels.set(id, 1 + Math.max(-1, ...[...needsOf(graph, id)].map((need) => levels.get(need) ?? 0)))
  const ids = [...graph.keys()]
  const parts = [...Map.groupBy(ids.keys(), (node) => levels.get(ids[node] ?? '')).entries()]
    .sort(([a = 0], [b = 0]) => a - b)
    .map(([, nodes]): Tree => {
      const branches = nodes.map((node) => ({ kind: 'step', node }) as const)
      return branches.length === 1 ? (branches[0] as Tree) : { kind: 'parallel', branches }
    })
  const flow = flowOf(
    { kind: 'sequence', parts },
    {
      nameOf: (node) => ids[node] as string,
      used: new Set(),
      statesOf: (node, onward) => {
        const id = ids[node] as string
        return statesOfStep(
          { name: id, agent: `$states.context.Execution.Input.functions.${id}`, path: `'${id}'` },
          workflow.steps[id] as AgentStep,
          onward,
        )
      },
    },
  )
  return { ...compileWorkflow(workflow), definition: { QueryLanguage: 'JSONata', ...flow }, gates: [] }
}

/** Removes the first gate: transitions to it lead to its successor. */
function withoutFirstGate(workflow: Workflow): Compiled {
  const compiled = compileWorkflow(workflow)
  const [first] = compiled.gates
  if (!first) return compiled
  const text = JSON.stringify(compiled.definition)
  const definition = JSON.parse(
    text
      .replaceAll(`"Next":"${first.before}: gate"`, `"Next":"${first.before}"`)
      .replaceAll(`"StartAt":"${first.before}: gate"`, `"StartAt":"${first.before}"`)
      .replaceAll(
        new RegExp(`"${first.before}: gate":\\{.*?"Next":"${first.before}"\\},(?="${first.before}":)`, 'g'),
        '',
      ),
  ) as Compiled['definition']
  return { ...compiled, definition }
}
