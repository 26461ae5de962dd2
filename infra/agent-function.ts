import type { AgentManifest } from '../shared/domain/agent.ts'

/** The host's timeout exceeds the agent's deadline, so that it can record the failure. */
const HOST_MARGIN_SECONDS = 5
/** Lambda's limit for a description, in characters. */
const MOST_DESCRIPTION = 256

/** The settings of an agent's function that follow from its manifest. */
export function agentFunctionSettings({ description, limits }: AgentManifest) {
  return {
    description: description.slice(0, MOST_DESCRIPTION),
    timeoutSeconds: limits.timeoutSeconds + HOST_MARGIN_SECONDS,
    memoryMb: limits.memoryMb,
  }
}
