import type { AgentContext } from '../../agent/index.ts'
import type { AgentManifest } from '../../domain/agent.ts'
import { OrchestratorError } from '../../domain/errors.ts'

/** The part of the context of an agent none of whose capabilities says `suspends: true`, or whose step has no states for it. */
export function withoutSuspending({
  id,
}: Pick<AgentManifest, 'id'>): Pick<AgentContext, 'suspend' | 'resumed' | 'callback'> {
  const refusal = (what: string): OrchestratorError =>
    new OrchestratorError(
      'ConfigError',
      `agent ${id} calls context.${what}, and its capability does not say that it suspends: declare suspends: true there`,
    )
  return {
    resumed: undefined,
    suspend: () => {
      throw refusal('suspend')
    },
    callback: async () => {
      throw refusal('callback')
    },
  }
}
