import { expressionsIn } from './expressions.ts'
import { type Graph, makeGraph, sinksOf } from './graph.ts'
import { referencesIn } from './references.ts'
import { isAgentStep, isEach, isLoop, type Step, type Steps } from './schema.ts'
import { bodyOf } from './step-kinds.ts'

/** The expressions of a step that see what the step's neighbours see; those inside its body are {@link expressionsOfBody}. */
export function expressionsOfStep(step: Step): { path: string; text: string }[] {
  const { needs: _needs, description: _description, ...rest } = step
  if (isEach(step)) return expressionsIn({ ...rest, steps: undefined, output: undefined })
  return expressionsIn({ ...rest, repeat: undefined })
}

/** What is evaluated when a round of a loop has ended, or what a fan-out has done for an item: both see its steps. */
export function expressionsOfBody(step: Step): { path: string; text: string }[] {
  if (isLoop(step)) return expressionsIn({ until: step.repeat.until, output: step.repeat.output }, 'repeat')
  return isEach(step) ? expressionsIn({ output: step.output }) : []
}

/**
 * The steps that a step waits for: its `needs`, and every `$steps.x`, `$status.x` or `$errors.x` that it mentions. A loop and a
 * fan-out wait for what their bodies mention; ids in a body are none of those around it.
 */
export function needsOfStep(step: Step): Set<string> {
  const needs = new Set([...(step.needs ?? []), ...mentionedIn(expressionsOfStep(step))])
  const body = bodyOf(step)
  if (!body) return needs
  const inside = [...mentionedIn(expressionsOfBody(step)), ...Object.values(body).flatMap(outsideNeeds)]
  for (const need of inside) if (!Object.hasOwn(body, need)) needs.add(need)
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
  const known = handlers.get(steps) ?? handlersIn(steps)
  handlers.set(steps, known)
  return [...(known.get(id) ?? [])]
}

/** By steps, which never change: it is asked for every edge of a graph. */
const handlers = new WeakMap<Steps, ReadonlyMap<string, string[]>>()

function handlersIn(steps: Steps): ReadonlyMap<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [id, { onFailure }] of Object.entries(steps)) {
    if (typeof onFailure !== 'object' || !('step' in onFailure)) continue
    found.set(onFailure.step, [...(found.get(onFailure.step) ?? []), id])
  }
  return found
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
