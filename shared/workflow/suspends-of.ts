import type { AgentManifest } from '../domain/agent.ts'
import { isCalled } from '../domain/tenants.ts'
import type { AgentStep } from './schema.ts'
import { capabilitiesOf } from './step-capability.ts'

type Offering = Pick<AgentManifest, 'id' | 'capabilities'>

/** Whether an agent may suspend when it is called for a capability, or for its first where none is named. */
export function suspendsFor({ capabilities }: Offering, capability: string | undefined): boolean {
  const called =
    capability === undefined ? capabilities[0] : capabilities.find(({ name }) => name === capability)
  return called?.suspends === true
}

/**
 * Which steps may be bound to an agent that suspends, among these agents: the step's own, a pinned one, or one of its fallbacks. Where its capability is
 * computed, any that it may come to.
 */
export function suspendsOf(agents: readonly Offering[]): (step: AgentStep) => boolean {
  const suspending = agents.filter(({ capabilities }) => capabilities.some(({ suspends }) => suspends))
  return (step) => suspending.some((agent) => mayCall(step, agent))
}

function mayCall(step: AgentStep, agent: Offering): boolean {
  const wanted = capabilitiesOf(step)
  const fallback = step.fallback ?? []
  if (fallback.some((name) => isCalled(agent.id, name) || suspendsIn(agent, name))) return true
  const pinned = step.agent?.split('@')[0]
  if (pinned !== undefined && !isCalled(agent.id, pinned)) return false
  return wanted.length === 0 ? suspendsFor(agent, undefined) : wanted.some((name) => suspendsIn(agent, name))
}

const suspendsIn = ({ capabilities }: Offering, capability: string): boolean =>
  capabilities.some(({ name, suspends }) => name === capability && suspends === true)
