import { type Issue, issue } from '../domain/issue.ts'
import { everyStep, pathOfPlace } from '../workflow/places.ts'
import { isAgentStep, type Workflow } from '../workflow/schema.ts'

/** Parts of the language that parse and validate but cannot be compiled yet: refused, never approximated. */
export function issuesOfUnsupported({ steps }: Workflow): Issue[] {
  return everyStep(steps).flatMap(({ place, step }) => {
    if (!isAgentStep(step) || !step.prefer) return []
    const message = `selection by preference cannot be run yet (step "${place}")`
    return [issue('not-supported-yet', `${pathOfPlace(place)}.prefer`, message)]
  })
}
