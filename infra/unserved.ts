import { suggestNames } from '../shared/domain/nearest-names.ts'
import { everyStep } from '../shared/workflow/places.ts'
import type { Step, Workflow } from '../shared/workflow/schema.ts'
import { workflowCalledBy } from '../shared/workflow/step-kinds.ts'
import { capabilityOfStep } from '../shared/workflow/step-needs.ts'
import type { Catalogue } from './load-catalogue.ts'

/**
 * A line for each step that no agent of this deployment serves, or whose child workflow it does not have. That is no error: one may be
 * registered later. Most likely it is a typo.
 */
export function unservedIn({ agents, workflows }: Catalogue): string[] {
  const known = {
    capabilities: agents.flatMap(({ manifest }) => manifest.capabilities.map(({ name }) => name)),
    workflows: workflows.map(({ workflow }) => workflow.name),
  }
  return workflows.flatMap(({ workflow }) =>
    unservedSteps(workflow, known).map(
      ({ place, missing }) => `warning: workflow ${workflow.name}, step "${place}": ${missing}`,
    ),
  )
}

type Known = { capabilities: readonly string[]; workflows: readonly string[] }

/** The steps of a workflow that nothing known serves, by place, and what each is missing. */
export function unservedSteps(
  { steps }: Pick<Workflow, 'steps'>,
  { capabilities, workflows }: Known,
): { place: string; missing: string }[] {
  return everyStep(steps).flatMap(({ place, step }) => {
    const missing = missingOf(step, capabilities, workflows)
    return missing === undefined ? [] : [{ place, missing }]
  })
}

function missingOf(
  step: Step,
  capabilities: readonly string[],
  workflows: readonly string[],
): string | undefined {
  const called = workflowCalledBy(step)?.split('@')[0]
  if (called !== undefined && !workflows.includes(called))
    return `no workflow here is called "${called}"${suggestNames(called, workflows)}`
  const capability = capabilityOfStep(step)
  if (capability === undefined || capabilities.includes(capability)) return undefined
  return `no agent here offers "${capability}"${suggestNames(capability, capabilities)}`
}
