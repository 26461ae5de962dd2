import { parsePath, pathIn } from '../domain/instance-path.ts'
import { ownOf } from '../domain/own.ts'
import type { Step, Steps } from './schema.ts'
import { bodyIn, bodyOf, hasMadeBody } from './step-kinds.ts'

/** The steps of the graph at a place: a body, or the workflow (`''`). Undefined when there is no such body. */
export function stepsIn(steps: Steps, place: string): Steps | undefined {
  if (place === '') return steps
  const around = stepAtPlace(steps, place)
  return around && bodyOf(around)
}

/** The step at a place; undefined when there is none. */
export function stepAtPlace(steps: Steps, place: string): Step | undefined {
  const { scope, stepId } = parsePath(place)
  return ownOf(stepsIn(steps, scope), stepId)
}

/** Every step with its place; the steps of a body follow the step that contains it. */
export function everyStep(steps: Steps, scope = ''): { place: string; step: Step }[] {
  return Object.entries(steps).flatMap(([id, step]) => {
    const place = pathIn(scope, id)
    const body = bodyOf(step)
    return [{ place, step }, ...(body ? everyStep(body, place) : [])]
  })
}

/** A copy of the steps with one replaced at a place. */
export function withStep(steps: Steps, place: string, step: Step): Record<string, Step> {
  const { scope, stepId } = parsePath(place)
  if (scope === '') return { ...steps, [stepId]: step }
  const around = stepAtPlace(steps, scope)
  const body = around && bodyIn(around)
  return body ? withStep(steps, scope, body.with(withStep(body.steps, stepId, step))) : { ...steps }
}

/** The path in the document of the step at a place: `steps.improve.repeat.steps.draft`, `steps.each.steps.draft`. */
export function pathOfPlace(steps: Steps, place: string): string {
  const { scope, stepId } = parsePath(place)
  if (scope === '') return `steps.${stepId}`
  const around = stepAtPlace(steps, scope)
  const inside = (around && bodyIn(around)?.path) ?? 'steps'
  return `${pathOfPlace(steps, scope)}.${inside}.${stepId}`
}

/** The place of the conversation that a step is a part of; undefined for a step that an author has written. */
export function conversationAround(steps: Steps, place: string): string | undefined {
  const { scope } = parsePath(place)
  if (scope === '') return undefined
  const around = stepAtPlace(steps, scope)
  return around && hasMadeBody(around) ? scope : conversationAround(steps, scope)
}

/** The path in the document of one of the capabilities that the step at a place may come to call. */
export function pathOfChoice(steps: Steps, place: string, at: number): string {
  const conversation = conversationAround(steps, place)
  if (conversation === undefined) return `${pathOfPlace(steps, place)}.oneOf[${at}]`
  return `${pathOfPlace(steps, conversation)}.converse.capabilities[${at}]`
}
