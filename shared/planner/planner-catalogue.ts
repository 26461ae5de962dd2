import type { AgentManifest } from '../domain/agent.ts'
import type { Workflow } from '../workflow/schema.ts'
import type { Catalogue } from '../workflow/types/catalogue.ts'
import type { Capability } from './signatures.ts'

/**
 * A capability that a plan may call; `hasEffect` where an agent that offers it says by the tag `effect` that it changes something outside, `outbound` where one says
 * that it sends its input there.
 */
export type PlannerCapability = Capability & { hasEffect?: true; outbound?: boolean | undefined }

/** The agents and workflows that a plan may use. */
export type PlannerCatalogue = Catalogue & {
  agents: readonly Offering[]
  /** Each once, by name. */
  capabilities: readonly PlannerCapability[]
  find(name: string): PlannerCapability | undefined
  /** Whether an agent, given as `id` or `id@version`, says by the tag `effect` that it changes something outside. */
  hasEffect(name: string): boolean
  /** Whether a capability, or one of an agent, given as `id` or `id@version`, sends its input outside. */
  isOutbound(name: string): boolean
  /** Whether there is this agent, given as `id` or `id@version`. */
  hasAgent(name: string): boolean
}

type Offering = Catalogue['agents'][number] & Partial<Pick<AgentManifest, 'tags'>>

const EFFECT = 'effect'

export function plannerCatalogue(
  agents: readonly Offering[],
  workflows: readonly Workflow[] = [],
): PlannerCatalogue {
  const byName = new Map<string, PlannerCapability>()
  for (const { capabilities, tags = [] } of agents) {
    for (const one of capabilities) {
      const known = byName.get(one.name)
      const hasEffect = known?.hasEffect === true || tags.includes(EFFECT)
      const outbound = known?.outbound === true || one.outbound === true
      byName.set(one.name, {
        ...(known ?? one),
        ...(hasEffect ? { hasEffect: true as const } : {}),
        ...(outbound ? { outbound } : {}),
      })
    }
  }
  const capabilities = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  const ids = new Set(agents.flatMap(({ id, version }) => [id, `${id}@${version}`]))
  return {
    agents,
    workflows,
    capabilities,
    find: (name) => byName.get(name),
    hasEffect: (name) => {
      const [wanted] = name.split('@')
      return agents.some(({ id, tags = [] }) => id === wanted && tags.includes(EFFECT))
    },
    isOutbound: (name) => {
      const [wanted] = name.split('@')
      const offered = agents.filter(({ id }) => id === wanted).flatMap((agent) => agent.capabilities)
      return byName.get(name)?.outbound === true || offered.some(({ outbound }) => outbound === true)
    },
    hasAgent: (name) => ids.has(name),
  }
}
