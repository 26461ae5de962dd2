import type { AgentManifest } from '../../domain/agent.ts'
import type { AgentStep } from '../../workflow/schema.ts'

/**
 * The capability that a step calls an agent for: the step's, or that of a fallback; an agent that is pinned without a capability is called
 * for its first. Undefined when the agent offers none of these.
 */
export function capabilityAsked(
  { id, capabilities }: Pick<AgentManifest, 'id' | 'capabilities'>,
  { capability, fallback = [] }: Pick<AgentStep, 'capability' | 'fallback'>,
): AgentManifest['capabilities'][number] | undefined {
  const wanted = [capability, ...fallback]
  for (const name of wanted) {
    const offered = capabilities.find((one) => one.name === name)
    if (offered) return offered
  }
  return capability === undefined || fallback.includes(id) ? capabilities[0] : undefined
}

/** The capability of a wish; for a pinned agent without one, the first that it offers. */
export function capabilityWanted(
  { capability, pinned }: { capability: string | undefined; pinned: string | undefined },
  agents: readonly Pick<AgentManifest, 'id' | 'capabilities'>[],
): string | undefined {
  return capability ?? agents.find(({ id }) => id === pinned?.split('@')[0])?.capabilities[0]?.name
}
