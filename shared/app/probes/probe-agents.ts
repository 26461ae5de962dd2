/**
 * Asks agents elsewhere whether they are well, before a step finds out.
 *
 * Invariants (tests cite them):
 * probe/P1 an agent that is not well fails towards its circuit breaker as a failed call does; one that is well changes nothing there, for that a server is
 *    up says nothing about what it does (breaker/K9)
 * probe/P2 only agents that the stage allows, and that get calls, are asked; no more than PROBES_AT_ONCE at once, each for PROBE_SECONDS at most
 */

import type { Agent } from '../../domain/agent.ts'
import { DEFAULT_TENANT } from '../../domain/caller.ts'
import { allowedTo, issuesOfPlace } from '../../domain/elsewhere/allowed-place.ts'
import type { Elsewhere } from '../../domain/elsewhere/place.ts'
import type { ElsewhereSettings } from '../../domain/elsewhere/settings.ts'
import { tenantInName } from '../../domain/tenants.ts'
import type { ElsewhereAgents } from '../../ports/elsewhere.ts'
import type { Ports } from '../../ports/index.ts'
import { tellProbe } from '../limits/admission.ts'

const PROBES_AT_ONCE = 20
const PROBE_SECONDS = 10

type Needs = Pick<Ports, 'agents' | 'breakers' | 'clock'> & {
  elsewhere: ElsewhereAgents
  allowed: ElsewhereSettings
  /** The beginning of the ARNs of the installation's own functions (elsewhere/W2). */
  ownFunctions: string
}

export type Probed = { agentId: string; ill: string }

/** All agents elsewhere, of all tenants. Returns how many were asked, and those that are not well, with the reason. */
export const probeAgents = (ports: Needs) => async (): Promise<{ asked: number; ill: Probed[] }> => {
  const all = (await ports.agents.listAgents({ fresh: true })).filter((agent) => isAsked(ports, agent))
  const ill: Probed[] = []
  for (let from = 0; from < all.length; from += PROBES_AT_ONCE)
    await Promise.all(
      all.slice(from, from + PROBES_AT_ONCE).map(async (agent) => {
        const allowed = allowedTo(ports.allowed, tenantOf(agent))
        const reason = await ports.elsewhere.ping(agent.elsewhere, { timeoutSeconds: PROBE_SECONDS, allowed })
        if (reason === undefined) return
        ill.push({ agentId: agent.id, ill: reason })
        await tellProbe(ports, agent)
      }),
    )
  return { asked: all.length, ill }
}

function isAsked({ allowed, ownFunctions }: Needs, agent: Agent): agent is Agent & { elsewhere: Elsewhere } {
  const { elsewhere, status } = agent
  if (!elsewhere || status === 'inactive') return false
  const tenant = tenantOf(agent)
  const asked = { allowed: allowedTo(allowed, tenant), tenant, own: ownFunctions }
  return issuesOfPlace(elsewhere, asked).length === 0
}

/** By whose allowance an agent is called: what a deployment has brought, by that of the stage itself. */
const tenantOf = ({ id, origin }: Pick<Agent, 'id' | 'origin'>): string =>
  origin === 'deployment' ? DEFAULT_TENANT : (tenantInName(id) ?? DEFAULT_TENANT)
