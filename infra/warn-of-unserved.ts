import { suggestNames } from '../shared/workflow/nearest-names.ts'
import { capabilityOfStep } from '../shared/workflow/step-needs.ts'
import type { Catalogue } from './load-catalogue.ts'

/** Steps that no agent of this deployment serves: no error, for an agent may be registered later; most likely a typo. */
export function warnOfUnserved({ agents, workflows }: Catalogue): void {
  const known = agents.flatMap(({ manifest }) => manifest.capabilities.map(({ name }) => name))
  for (const { workflow } of workflows) {
    const { name, steps } = workflow
    for (const [id, step] of Object.entries(steps)) {
      const capability = capabilityOfStep(step)
      if (capability === undefined || known.includes(capability)) continue
      console.warn(
        `warning: workflow ${name}, step "${id}": no agent here offers "${capability}"${suggestNames(capability, known)}`,
      )
    }
  }
}
