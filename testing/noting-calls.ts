import type { DefinedAgent } from '../shared/agent/index.ts'
import type { Json } from '../shared/domain/json.ts'
import type { AgentCall } from './workflow-run.ts'

/** Wraps an agent to record its calls. */
export function notingCalls(agent: DefinedAgent, calls: AgentCall[], secondsNow: () => number): DefinedAgent {
  const agentId = agent.manifest.id
  return {
    ...agent,
    execute({ capability, input }, context) {
      const { attempt, step } = context
      const call = {
        agentId,
        capability,
        path: step.path,
        attempt,
        input: input as Json,
        atSeconds: secondsNow(),
      }
      calls.push(structuredClone(call))
      return agent.execute({ capability, input }, context)
    },
  }
}
