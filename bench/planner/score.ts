import type { Workflow } from '../../shared/workflow/schema.ts'
import { capabilityOfStep, needsOfStep } from '../../shared/workflow/step-needs.ts'
import type { Case } from './cases.ts'

/** How much of a known plan is found: steps as tools with their number, links as pairs of tools. */
export type Found = { nodes: { both: number; found: number; wanted: number }; edges: Found['nodes'] }

export function foundOf({ plan, nameOf }: Case, workflow: Workflow): Found {
  const capability = (id: string): string =>
    capabilityOfStep(workflow.steps[id] as Workflow['steps'][string]) ?? id
  const nodes = Object.keys(workflow.steps).map(capability)
  const edges = Object.entries(workflow.steps).flatMap(([id, step]) =>
    [...needsOfStep(step)].map((need) => `${capability(need)} -> ${capability(id)}`),
  )
  const wanted = plan?.steps.map(nameOf) ?? []
  const links = plan?.links.map(([from, to]) => `${nameOf(String(from))} -> ${nameOf(String(to))}`) ?? []
  // Links name tools: between tools that are used twice a pair says no number.
  return { nodes: overlap(nodes, wanted), edges: overlap([...new Set(edges)], [...new Set(links)]) }
}

function overlap(found: readonly string[], wanted: readonly string[]): Found['nodes'] {
  const left = [...wanted]
  let both = 0
  for (const one of found) {
    const at = left.indexOf(one)
    if (at < 0) continue
    left.splice(at, 1)
    both++
  }
  return { both, found: found.length, wanted: wanted.length }
}

/** F1 over all plans together; 1 where there was nothing to find and nothing was found. */
export function f1Of(each: readonly Found['nodes'][]): number {
  const sum = (of: (one: Found['nodes']) => number): number => each.reduce((all, one) => all + of(one), 0)
  const total = sum(({ found }) => found) + sum(({ wanted }) => wanted)
  return total === 0 ? 1 : (2 * sum(({ both }) => both)) / total
}

export function spreadOf(values: readonly number[]): { median: number; p90: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { median: at(0.5), p90: at(0.9), max: sorted.at(-1) ?? 0 }
}
