import type { AgentManifest } from '../shared/domain/agent.ts'
import { unservedSteps } from '../shared/planner/unserved-steps.ts'
import type { Catalogue } from './catalogue.ts'

/**
 * A line for each step that no agent of this deployment serves, or whose child workflow or fallback it does not have. That is no error: one
 * may be registered later. Most likely it is a typo.
 */
export function unservedIn({
  agents,
  workflows,
}: {
  agents: readonly { manifest: AgentManifest; entry?: string }[]
  workflows: Catalogue['workflows']
}): string[] {
  const known = {
    agents: agents.map(({ manifest }) => manifest),
    workflows: workflows.map(({ workflow }) => workflow.name),
  }
  return workflows.flatMap(({ workflow }) =>
    unservedSteps(workflow, known).map(
      ({ place, issue: { message } }) => `warning: workflow ${workflow.name}, step "${place}": ${message}`,
    ),
  )
}
