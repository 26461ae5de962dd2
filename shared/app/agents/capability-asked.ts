import type { AgentManifest } from '../../domain/agent.ts'
import type { AgentStep } from '../../workflow/schema.ts'

/**
 * Which of its capabilities an agent is asked for by a step: what the step names, or names as a fallback; of an agent that is itself
 * named without one its first. Undefined when it offers none of these.
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

/** What the agent that is wanted would be asked for: where only the agent is named, the first that it offers. */
export function capabilityWanted(
  { capability, pinned }: { capability: string | undefined; pinned: string | undefined },
  agents: readonly Pick<AgentManifest, 'id' | 'capabilities'>[],
): string | undefined {
  return capability ?? agents.find(({ id }) => id === pinned?.split('@')[0])?.capabilities[0]?.name
}
