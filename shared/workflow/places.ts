import { parsePath, pathIn } from '../domain/instance-path.ts'
import { ownOf } from '../domain/own.ts'
import { isLoop, type Step, type Steps } from './schema.ts'

/** The steps of the graph at a place: those of a loop's body, or of the workflow (`''`). Undefined where there is no such loop. */
export function stepsIn(steps: Steps, place: string): Steps | undefined {
  if (place === '') return steps
  const { scope, stepId } = parsePath(place)
  const loop = ownOf(stepsIn(steps, scope), stepId)
  return loop && isLoop(loop) ? loop.repeat.steps : undefined
}

/** Every step with its place, those of a loop after the loop. */
export function everyStep(steps: Steps, scope = ''): { place: string; step: Step }[] {
  return Object.entries(steps).flatMap(([id, step]) => {
    const place = pathIn(scope, id)
    return [{ place, step }, ...(isLoop(step) ? everyStep(step.repeat.steps, place) : [])]
  })
}

/** The same steps with another one at a place. */
export function withStep(steps: Steps, place: string, step: Step): Record<string, Step> {
  const { scope, stepId } = parsePath(place)
  if (scope === '') return { ...steps, [stepId]: step }
  const loop = stepAt(steps, scope)
  if (!loop || !isLoop(loop)) return { ...steps }
  const body = withStep(stepsIn(steps, scope) ?? {}, stepId, step)
  return withStep(steps, scope, { ...loop, repeat: { ...loop.repeat, steps: body } })
}

function stepAt(steps: Steps, place: string): Step | undefined {
  const { scope, stepId } = parsePath(place)
  return ownOf(stepsIn(steps, scope), stepId)
}

/** Where the step at a place is written: `steps.improve.repeat.steps.draft`. */
export const pathOfPlace = (place: string): string => `steps.${place.split('.').join('.repeat.steps.')}`
