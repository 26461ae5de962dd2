import { suggestNames } from '../shared/domain/nearest-names.ts'
import { everyStep } from '../shared/workflow/places.ts'
import type { Step } from '../shared/workflow/schema.ts'
import { workflowCalledBy } from '../shared/workflow/step-kinds.ts'
import { capabilityOfStep } from '../shared/workflow/step-needs.ts'
import type { Catalogue } from './load-catalogue.ts'

/** Warns of steps that no agent of this deployment serves. That is no error: one may be registered later. Most likely it is a typo. */
export function warnOfUnserved({ agents, workflows }: Catalogue): void {
  const capabilities = agents.flatMap(({ manifest }) => manifest.capabilities.map(({ name }) => name))
  const names = workflows.map(({ workflow }) => workflow.name)
  for (const { workflow } of workflows) {
    for (const { place, step } of everyStep(workflow.steps)) {
      const missing = missingOf(step, capabilities, names)
      if (missing) console.warn(`warning: workflow ${workflow.name}, step "${place}": ${missing}`)
    }
  }
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
