import { type Workflow, WorkflowSchema } from '../shared/workflow/schema.ts'

/** A plan as a graph: `n` steps numbered from 0, `e` edges `[before, after]`, `w` estimated seconds of each step. */
export type PlanGraph = { name: string; n: number; e: [before: number, after: number][]; w: number[] }

export const stepIdOf = (step: number): string => `s${step}`

/** The workflow with steps `s0`, `s1` ... whose needs are the graph's edges; the compiler refuses a cyclic one. */
export function workflowFromGraph({ name, n, e }: PlanGraph): Workflow {
  const needs = Array.from({ length: n }, (): string[] => [])
  for (const [before, after] of e) needs[after]?.push(stepIdOf(before))
  const steps = needs.map((own, step) => [stepIdOf(step), { capability: 'echo', needs: own }] as const)
  return WorkflowSchema.parse({ name: nameFrom(name), steps: Object.fromEntries(steps) })
}

const nameFrom = (name: string): string =>
  `g-${name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)}`
