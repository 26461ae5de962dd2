import type { AgentManifest } from '../shared/domain/agent.ts'

/** A host outlives the agent's own deadline, so that it can note the failure. */
const HOST_MARGIN_SECONDS = 5
/** What Lambda takes of a description. */
const MOST_DESCRIPTION = 256

/** The settings of an agent's function that follow from its manifest. */
export function agentFunctionSettings({ description, limits }: AgentManifest) {
  return {
    description: description.slice(0, MOST_DESCRIPTION),
    timeoutSeconds: limits.timeoutSeconds + HOST_MARGIN_SECONDS,
    memoryMb: limits.memoryMb,
  }
}
