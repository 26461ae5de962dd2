import type { AgentManifest } from '../shared/domain/agent.ts'
import { HOST_MARGIN_SECONDS } from '../shared/domain/host-margin.ts'

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
