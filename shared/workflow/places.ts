import { parsePath, pathIn } from '../domain/instance-path.ts'
import { ownOf } from '../domain/own.ts'
import { bodyOf, isEach, isLoop, type Step, type Steps } from './schema.ts'

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
  const before = around && bodyOf(around)
  return before ? withStep(steps, scope, withBody(around, withStep(before, stepId, step))) : { ...steps }
}

function withBody(step: Step, steps: Record<string, Step>): Step {
  if (isLoop(step)) return { ...step, repeat: { ...step.repeat, steps } }
  return isEach(step) ? { ...step, steps } : step
}

/** Where the step at a place is written: `steps.improve.repeat.steps.draft`, `steps.each.steps.draft`. */
export function pathOfPlace(steps: Steps, place: string): string {
  const { scope, stepId } = parsePath(place)
  if (scope === '') return `steps.${stepId}`
  const around = stepAtPlace(steps, scope)
  return `${pathOfPlace(steps, scope)}.${around && isLoop(around) ? 'repeat.steps' : 'steps'}.${stepId}`
}
