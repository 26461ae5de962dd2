import { expressionsIn } from './expressions.ts'
import { type Graph, makeGraph, sinksOf } from './graph.ts'
import { referencesIn } from './references.ts'
import { isAgentStep, type Step, type Workflow } from './schema.ts'

/** The parts of a step that hold expressions evaluated before it runs. */
export function expressionsOfStep(step: Step): { path: string; text: string }[] {
  const { needs: _needs, description: _description, ...rest } = step
  return expressionsIn(rest)
}

/** The steps a step waits for: its `needs`, and every `$steps.x` or `$status.x` that it mentions. */
export function needsOfStep(step: Step): Set<string> {
  const needs = new Set(step.needs)
  for (const { text } of expressionsOfStep(step)) {
    for (const mentioned of referencesSafely(text)) needs.add(mentioned)
  }
  return needs
}

/** An expression that does not parse is an issue of its own; here it simply mentions nothing. */
function referencesSafely(text: string): Iterable<string> {
  try {
    return referencesIn(text).steps
  } catch {
    return []
  }
}

/** The steps whose failure a step handles: they name it in `onFailure`. */
export function handledBy({ steps }: Pick<Workflow, 'steps'>, id: string): string[] {
  return Object.entries(steps).flatMap(([other, { onFailure }]) =>
    typeof onFailure === 'object' && 'step' in onFailure && onFailure.step === id ? [other] : [],
  )
}

/** The steps that nothing else needs, but for their handlers: what a workflow produces unless it says otherwise. */
export function resultStepsOf({ steps }: Pick<Workflow, 'steps'>): string[] {
  return sinksOf(makeGraph(Object.entries(steps).map(([id, step]) => [id, needsOfStep(step)] as const)))
}

/** Who waits for whom; a handler waits for what it handles. */
export function graphOfWorkflow(workflow: Pick<Workflow, 'steps'>): Graph {
  const handlers = Object.values(workflow.steps).some(goesOnToHandler)
  return makeGraph(
    Object.entries(workflow.steps).map(([id, step]) => {
      const handled = handlers ? handledBy(workflow, id) : []
      return [id, new Set([...needsOfStep(step), ...handled])] as const
    }),
  )
}

const goesOnToHandler = ({ onFailure }: Step): boolean => typeof onFailure === 'object' && 'step' in onFailure

/** The capability a step names; undefined where it only pins an agent, and for steps that no agent runs. */
export function capabilityOfStep(step: Step): string | undefined {
  return isAgentStep(step) ? step.capability : undefined
}
