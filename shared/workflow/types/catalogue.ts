import type { AgentManifest } from '../../domain/agent.ts'
import type { AgentStep, Workflow } from '../schema.ts'
import { asEachCall } from '../step-capability.ts'

/** The known agents and workflows that a workflow may use; calls of others are not checked. */
export type Catalogue = {
  agents: readonly Offering[]
  workflows: readonly Workflow[]
}

type Offering = Pick<AgentManifest, 'id' | 'version' | 'capabilities'>

/** A capability as one agent offers it. */
export type Offer = AgentManifest['capabilities'][number] & { agentId: string }

export const NO_CATALOGUE: Catalogue = { agents: [], workflows: [] }

export type Offers = {
  /** Capabilities that the step's own agents may be called with first; empty when none is known. */
  first: readonly Offer[]
  /** Capabilities that the agents of its `fallback` may be called with. */
  further: readonly Offer[]
  /** Whether an unknown agent may be called too. */
  isOpen: boolean
}

/** The capabilities that a step may call, by agent. */
export function offersFor(catalogue: Catalogue, step: AgentStep): Offers {
  const each = asEachCall(step).map((one) => offersOfCall(catalogue, one))
  return {
    first: each.flatMap(({ first }) => first),
    further: each.flatMap(({ further }) => further),
    isOpen: each.length === 0 || each.some(({ isOpen }) => isOpen),
  }
}

function offersOfCall({ agents }: Catalogue, { capability, agent, fallback = [] }: AgentStep): Offers {
  const first = agents.flatMap((one) => {
    if (agent === undefined) return offerOf(one, capability)
    return isPinned(one, agent) ? offerOf(one, capability ?? one.capabilities[0]?.name) : []
  })
  const each = fallback.map((wanted) =>
    agents.flatMap((one) => {
      const own = one.id === wanted ? offerOf(one, capability) : []
      return own.length > 0 ? own : offerOf(one, one.id === wanted ? one.capabilities[0]?.name : wanted)
    }),
  )
  const isOpen = first.length === 0 || each.some((offers) => offers.length === 0)
  return { first, further: each.flat(), isOpen }
}

function isPinned({ id, version }: Offering, agent: string): boolean {
  const [name, wanted] = agent.split('@')
  return name === id && (wanted === undefined || wanted === version)
}

function offerOf({ id, capabilities }: Offering, wanted: string | undefined): Offer[] {
  const found = capabilities.find(({ name }) => name === wanted)
  return found ? [{ ...found, agentId: id }] : []
}

/** The workflow that a step calls as `name` or `name@version`; undefined when it is not known. */
export function workflowNamed({ workflows }: Catalogue, called: string): Workflow | undefined {
  const [name, version] = called.split('@')
  const same = workflows.filter((one) => one.name === name)
  if (version !== undefined) return same.find((one) => String(one.version) === version)
  return same.reduce<Workflow | undefined>(
    (newest, one) => (newest && newest.version > one.version ? newest : one),
    undefined,
  )
}
