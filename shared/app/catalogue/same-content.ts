import { canonicalJson, type Json } from '../../domain/json.ts'
import { everyStep } from '../../workflow/places.ts'
import { meaningsOfOldRetry } from '../../workflow/retry-policy.ts'
import { isAgentStep, type Workflow } from '../../workflow/schema.ts'

/** Whether a workflow equals a stored one, apart from the version number. */
export function hasSameContent(workflow: Workflow, stored: Workflow): boolean {
  return textOf(asStoredBefore(workflow, stored)) === textOf(stored)
}

const textOf = ({ version: _, ...content }: Workflow): string => canonicalJson(content as Json)

/** The workflow as releases without `retry.on` would have stored it, if the stored one comes from such a release. */
function asStoredBefore(workflow: Workflow, stored: Workflow): Workflow {
  const copy = structuredClone(workflow)
  const before = new Map(everyStep(stored.steps).map(({ place, step }) => [place, step]))
  for (const { place, step } of everyStep(copy.steps)) {
    const known = before.get(place)
    if (!known || !isAgentStep(known) || !isAgentStep(step) || 'on' in known.retry) continue
    const retry: Partial<typeof step.retry> = step.retry
    const on = canonicalJson(step.retry.on)
    // Any other `on` is a change that the author has made since then.
    if (meaningsOfOldRetry(known.retry).some((meaning) => canonicalJson(meaning) === on)) delete retry.on
  }
  return copy
}
