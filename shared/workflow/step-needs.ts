import { expressionsIn } from './expressions.ts'
import { type Graph, makeGraph, sinksOf } from './graph.ts'
import { referencesIn } from './references.ts'
import { isAgentStep, isLoop, type Step, type StepOf, type Steps } from './schema.ts'

/** The expressions of a step that see what the step's neighbours see; those of a loop's rounds are {@link expressionsOfRound}. */
export function expressionsOfStep(step: Step): { path: string; text: string }[] {
  const { needs: _needs, description: _description, ...rest } = step
  return expressionsIn({ ...rest, repeat: undefined })
}

/** What a loop evaluates after each round. */
export function expressionsOfRound({ repeat }: StepOf<'repeat'>): { path: string; text: string }[] {
  return expressionsIn({ until: repeat.until, output: repeat.output }, 'repeat')
}

/**
 * The steps that a step waits for: its `needs`, and every `$steps.x` or `$status.x` that it mentions. A loop waits for what its
 * body mentions; ids in it are none of those around it.
 */
export function needsOfStep(step: Step): Set<string> {
  const needs = new Set([...(step.needs ?? []), ...mentionedIn(expressionsOfStep(step))])
  if (!isLoop(step)) return needs
  const { steps } = step.repeat
  const inside = [...mentionedIn(expressionsOfRound(step)), ...Object.values(steps).flatMap(outsideNeeds)]
  for (const need of inside) if (!Object.hasOwn(steps, need)) needs.add(need)
  return needs
}

const outsideNeeds = (step: Step): string[] => [...needsOfStep(step)]

function mentionedIn(expressions: readonly { text: string }[]): Set<string> {
  return new Set(expressions.flatMap(({ text }) => [...referencesSafely(text)]))
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
export function handledBy({ steps }: { steps: Steps }, id: string): string[] {
  return Object.entries(steps).flatMap(([other, { onFailure }]) =>
    typeof onFailure === 'object' && 'step' in onFailure && onFailure.step === id ? [other] : [],
  )
}

/** The steps that nothing else needs, but for their handlers: what a workflow produces unless it says otherwise. */
export function resultStepsOf({ steps }: { steps: Steps }): string[] {
  return sinksOf(makeGraph(Object.entries(steps).map(([id, step]) => [id, needsOfStep(step)] as const)))
}

/** Who waits for whom; a handler waits for what it handles. */
export function graphOfWorkflow(workflow: { steps: Steps }): Graph {
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
