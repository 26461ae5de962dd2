import type { AgentContext } from '../../agent/index.ts'
import type { AgentManifest } from '../../domain/agent.ts'
import { OrchestratorError } from '../../domain/errors.ts'

/** The part of the context of an agent none of whose capabilities says `suspends: true`, or whose step has no states for it. */
export function withoutSuspending(
  { id }: Pick<AgentManifest, 'id'>,
  called: { suspends?: boolean } = {},
): Pick<AgentContext, 'suspend' | 'resumed' | 'callback'> {
  const why = called.suspends
    ? 'the state machine of this workflow has no states for that at this step, for it was made when no such agent was known: deploy again, or publish the next version of the workflow'
    : 'its capability does not say that it suspends: declare suspends: true there'
  const refusal = (what: string): OrchestratorError =>
    new OrchestratorError('ConfigError', `agent ${id} calls context.${what}, and ${why}`)
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
