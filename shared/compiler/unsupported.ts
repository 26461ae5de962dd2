import type { Issue } from '../domain/issue.ts'
import { everyStep, pathOfPlace } from '../workflow/places.ts'
import { isAgentStep, type Step, stepKind, type Workflow } from '../workflow/schema.ts'
import { CONTROLLED } from './control-states.ts'

/** Parts of the language that parse and validate but cannot be compiled yet: refused, never approximated. */
export function issuesOfUnsupported(workflow: Workflow): Issue[] {
  return everyStep(workflow.steps).flatMap(({ place, step }) =>
    unsupportedParts(step).map(({ part, why }) => ({
      code: 'not-supported-yet',
      path: `${pathOfPlace(place)}.${part}`,
      message: `${why} cannot be run yet (step "${place}")`,
    })),
  )
}

function unsupportedParts(step: Step): { part: string; why: string }[] {
  const parts: { part: string; why: string }[] = []
  const kind = stepKind(step)
  if (kind !== 'agent' && !CONTROLLED.includes(kind)) parts.push({ part: kind, why: KIND_NAMES[kind] })
  if (!isAgentStep(step)) return parts
  if (step.prefer) parts.push({ part: 'prefer', why: 'selection by preference' })
  return parts
}

const KIND_NAMES = {
  repeat: 'a loop',
  approval: 'an approval',
  wait: 'a wait',
  workflow: 'a child workflow',
  emit: 'an emitted event',
} as const
