import { expressionsIn, type FoundExpression } from './expressions.ts'
import { type Graph, makeGraph, sinksOf } from './graph.ts'
import { referencesIn } from './references.ts'
import { isAgentStep, isEach, type Step, type Steps } from './schema.ts'
import { capabilitiesOf, capabilityComputedBy } from './step-capability.ts'
import { bodyOf, loopIn } from './step-kinds.ts'

/** The expressions of a step in the scope of its own graph; those in the scope of its body are {@link expressionsOfBody}. */
export function expressionsOfStep(step: Step): FoundExpression[] {
  const { needs: _needs, description: _description, ...rest } = step
  if (isEach(step)) return expressionsIn({ ...rest, steps: undefined, output: undefined })
  return expressionsIn({ ...rest, repeat: undefined })
}

/** Whether a field of a fan-out is evaluated for each of its items, which is `$item` there. */
export const isOfEachItem = (field: string): boolean =>
  /^(?:input|workflow|capability|evaluate|state)\b/.test(field)

/** Whether a field is evaluated when there is an output, which is `$output` there. */
export const isOfOutput = (field: string): boolean => /^evaluate\b/.test(field)

/** Whether a field is evaluated when a step has succeeded, for what it writes into the shared state: `$output`, and `$current` in an update. */
export const isOfState = (field: string): boolean => /^state\b/.test(field)

/** The further variables of the expressions in `evaluate`: of a step, and of a workflow. */
export const NAMES_OF_EVALUATION = { step: ['output', 'stepInput'], workflow: ['output'] }

/** The expressions evaluated after a loop's round or an item of a fan-out, in the scope of the body. */
export function expressionsOfBody(step: Step): FoundExpression[] {
  const loop = loopIn(step)
  if (loop) return expressionsIn({ until: loop.until, output: loop.output }, 'repeat')
  return isEach(step) ? expressionsIn({ output: step.output }) : []
}

/**
 * The steps that a step waits for: its `needs`, and every `$steps.x`, `$status.x` or `$errors.x` that it mentions. A loop or fan-out also
 * waits for the outer steps that its body mentions.
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

/** An expression that does not parse has no references here; it is reported as an issue elsewhere. */
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

/** Cached by `steps`, which are immutable, because it is needed for every edge of a graph. */
const handlers = new WeakMap<Steps, ReadonlyMap<string, string[]>>()

function handlersIn(steps: Steps): ReadonlyMap<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [id, { onFailure }] of Object.entries(steps)) {
    if (typeof onFailure !== 'object' || !('step' in onFailure)) continue
    found.set(onFailure.step, [...(found.get(onFailure.step) ?? []), id])
  }
  return found
}

/** The steps that no step except their handlers needs; their outputs are the default result of a workflow. */
export function resultStepsOf({ steps }: { steps: Steps }): string[] {
  return sinksOf(makeGraph(Object.entries(steps).map(([id, step]) => [id, needsOfStep(step)] as const)))
}

/** The dependency graph; a handler depends on the steps that it handles. */
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

/** The capability a step names; undefined where it only pins an agent or names an expression, and for steps that no agent runs. */
export function capabilityOfStep(step: Step): string | undefined {
  return isAgentStep(step) && capabilityComputedBy(step) === undefined ? step.capability : undefined
}

/** The capabilities of which a step chooses one when it begins; undefined for every other step. */
export function oneOfStep(step: Step): string[] | undefined {
  return isAgentStep(step) && capabilityComputedBy(step) !== undefined ? [...capabilitiesOf(step)] : undefined
}
