import type { Agent, AgentManifest } from '../../domain/agent.ts'
import { isCalled } from '../../domain/tenants.ts'
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
  return capability === undefined || fallback.some((name) => isCalled(id, name)) ? capabilities[0] : undefined
}

/** A wish for an agent: one that offers a capability, or one by its name. */
export type Wanted = { capability: string | undefined; pinned: string | undefined }

/** The capability of a wish; for a pinned agent without one, the first that it offers. */
export function capabilityWanted(
  { capability, pinned }: Wanted,
  agents: readonly Pick<AgentManifest, 'id' | 'capabilities'>[],
): string | undefined {
  return (
    capability ?? agents.find(({ id }) => isCalled(id, pinned?.split('@')[0] ?? ''))?.capabilities[0]?.name
  )
}

/** The fallbacks that a step names, in order (rebind/B7): an agent with the step's capability, or a capability. */
export function fallbacksOf({ fallback = [], capability }: AgentStep, agents: readonly Agent[]): Wanted[] {
  return fallback.map((entry) => {
    const agent = agents.find(({ id }) => isCalled(id, entry))
    if (!agent) return { capability: entry, pinned: undefined }
    const isOffered = agent.capabilities.some(({ name }) => name === capability)
    return { capability: isOffered ? capability : undefined, pinned: entry }
  })
}
