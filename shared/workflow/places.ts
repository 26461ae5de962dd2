import { parsePath, pathIn } from '../domain/instance-path.ts'
import { ownOf } from '../domain/own.ts'
import type { Step, Steps } from './schema.ts'
import { bodyIn, bodyOf } from './step-kinds.ts'

/** The steps of the graph at a place: those of a body, or of the workflow (`''`). Undefined where there is no such body. */
export function stepsIn(steps: Steps, place: string): Steps | undefined {
  if (place === '') return steps
  const around = stepAtPlace(steps, place)
  return around && bodyOf(around)
}

/** The step at a place; undefined where there is none. */
export function stepAtPlace(steps: Steps, place: string): Step | undefined {
  const { scope, stepId } = parsePath(place)
  return ownOf(stepsIn(steps, scope), stepId)
}

/** Every step with its place, those of a body after the step that has it. */
export function everyStep(steps: Steps, scope = ''): { place: string; step: Step }[] {
  return Object.entries(steps).flatMap(([id, step]) => {
    const place = pathIn(scope, id)
    const body = bodyOf(step)
    return [{ place, step }, ...(body ? everyStep(body, place) : [])]
  })
}

/** The same steps with another one at a place. */
export function withStep(steps: Steps, place: string, step: Step): Record<string, Step> {
  const { scope, stepId } = parsePath(place)
  if (scope === '') return { ...steps, [stepId]: step }
  const around = stepAtPlace(steps, scope)
  const body = around && bodyIn(around)
  return body ? withStep(steps, scope, body.with(withStep(body.steps, stepId, step))) : { ...steps }
}

/** Where the step at a place is written: `steps.improve.repeat.steps.draft`, `steps.each.steps.draft`. */
export function pathOfPlace(steps: Steps, place: string): string {
  const { scope, stepId } = parsePath(place)
  if (scope === '') return `steps.${stepId}`
  const around = stepAtPlace(steps, scope)
  const inside = (around && bodyIn(around)?.path) ?? 'steps'
  return `${pathOfPlace(steps, scope)}.${inside}.${stepId}`
}
