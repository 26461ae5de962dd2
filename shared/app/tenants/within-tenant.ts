/**
 * The registry and the statistics as one tenant sees them. Use cases, and what runs a task, take the ports of its tenant before they look
 * anything up; only a deployment and the sweeps of an operator read the registry as a whole.
 *
 * Invariants (tests cite them):
 * within/W1 what another tenant has registered is in no list, and not found by any name or id
 * within/W2 a name means the tenant's own agent or workflow where it has one, also where a deployment brings the same name later
 * within/W3 where the stage says so, a tenant has its own statistics and circuit breakers of common agents: no call of another counts in them
 * within/W4 an agent of the stage that the quotas of a tenant do not allow works for no tenant in its view: it is listed, and not chosen
 */
import type { Agent } from '../../domain/agent.ts'
import { DEFAULT_TENANT } from '../../domain/caller.ts'
import {
  givenName,
  isCommon,
  isOwn,
  qualifiedName,
  registryName,
  seenBy,
  tenantInName,
} from '../../domain/tenants.ts'
import type {
  Agents,
  Breakers,
  ListOptions,
  Ports,
  RegisteredWorkflow,
  Statistics,
  Workflows,
} from '../../ports/index.ts'

type Scoped = Partial<Pick<Ports, 'agents' | 'workflows' | 'statistics' | 'breakers'>>

/** The whole registry behind a tenant's view of it. */
const wholes = new WeakMap<object, object>()

/** The same ports, of which agents and workflows, and where tenants have their own also statistics and breakers, are those of the tenant. */
export function withinTenant<P extends Scoped>(ports: P, tenant: string): P {
  const { agents, workflows, statistics, breakers } = ports
  const hasOwn = statistics?.ofTenants === true && tenant !== DEFAULT_TENANT
  return {
    ...ports,
    ...(agents ? { agents: viewed(agents, (all) => agentsOf(all, tenant)) } : {}),
    ...(workflows ? { workflows: viewed(workflows, (all) => workflowsOf(all, tenant)) } : {}),
    ...(hasOwn ? { statistics: viewed(statistics, (all) => statisticsOf(all, tenant)) } : {}),
    ...(hasOwn && breakers ? { breakers: viewed(breakers, (all) => breakersOf(all, tenant)) } : {}),
  }
}

/** The port itself, where this is a tenant's view of it: for what a plan has pinned by its qualified name. */
export const wholeOf = <T extends object>(port: T): T => (wholes.get(port) as T | undefined) ?? port

/** A view of what may be a view already: a task has one tenant. */
function viewed<T extends object>(port: T, view: (whole: T) => T): T {
  const whole = wholeOf(port)
  const made = view(whole)
  wholes.set(made, whole)
  return made
}

const ownAndCommon = async <T>(
  list: (options: ListOptions) => Promise<T[]>,
  tenant: string,
  { fresh = false }: { fresh?: boolean } = {},
): Promise<T[]> => {
  const parts = tenant === DEFAULT_TENANT ? [DEFAULT_TENANT] : [tenant, DEFAULT_TENANT]
  return (await Promise.all(parts.map((of) => list({ fresh, of })))).flat()
}

function agentsOf(all: Agents, tenant: string): Agents {
  const { mayUse } = all
  /** within/W4 */
  const allowed = (agent: Agent): Agent => {
    const { id, origin } = agent
    const isFree = mayUse === undefined || !isCommon({ name: id, origin }) || mayUse(tenant, agent)
    return isFree ? agent : { ...agent, tenants: [] }
  }
  return {
    putAgent: (agent) => all.putAgent(agent),
    /** By the qualified id, which a binding names. */
    async findAgent(id) {
      const agent = await all.findAgent(id)
      const registered = agent && { name: agent.id, origin: agent.origin }
      return registered && (isOwn(registered, tenant) || isCommon(registered)) ? allowed(agent) : undefined
    },
    async listAgents(options) {
      const found = await ownAndCommon((asked) => all.listAgents(asked), tenant, options)
      const ids = new Set(found.map(({ id }) => id))
      // Its own that is retired gives the name back to the stage, where that has it too.
      const left = found.filter(({ id, status }) => status !== 'inactive' || !isQualifiedOf(id, ids))
      return seenBy(tenant, left, ({ id }) => id).map(allowed)
    },
  }
}

const isQualifiedOf = (id: string, ids: ReadonlySet<string>): boolean =>
  tenantInName(id) !== undefined && ids.has(givenName(id))

/** An agent by the id that the tenant has given it, or a common one; `agents` is the tenant's view. */
export async function agentCalled(agents: Pick<Agents, 'findAgent'>, tenant: string, id: string) {
  const own = await agents.findAgent(qualifiedName(tenant, id))
  if (own && own.status !== 'inactive') return own
  return (tenantInName(id) === undefined ? await agents.findAgent(id) : undefined) ?? own
}

function workflowsOf(all: Workflows, tenant: string): Workflows {
  const isSeen = (found: RegisteredWorkflow): boolean => {
    const registered = { name: registryName(found), origin: found.origin }
    return isOwn(registered, tenant) || isCommon(registered)
  }
  const seen = (found: RegisteredWorkflow | undefined) => (found && isSeen(found) ? found : undefined)
  /** What the tenant calls so is its own while it has one that serves (within/W2). */
  async function isOfOwn(name: string): Promise<boolean> {
    if (tenant === DEFAULT_TENANT) return true
    return (await all.findWorkflow(qualifiedName(tenant, name)))?.active ?? false
  }

  return {
    putWorkflow: (registered, options) => all.putWorkflow(registered, options),
    publishWorkflow: (registered) => all.publishWorkflow(registered),
    async findWorkflow(name, version) {
      if (tenantInName(name) !== undefined) return undefined
      const called = (await isOfOwn(name)) ? qualifiedName(tenant, name) : name
      return seen(await all.findWorkflow(called, version))
    },
    async listVersions(name) {
      if (tenantInName(name) !== undefined) return []
      const called = (await isOfOwn(name)) ? qualifiedName(tenant, name) : name
      return (await all.listVersions(called)).filter(isSeen)
    },
    async listWorkflows(options) {
      const found = await ownAndCommon((asked) => all.listWorkflows(asked), tenant, options)
      return seenBy(tenant, found, registryName)
    },
  }
}

/** A common agent, as the counters of the tenant know it; no agent has a colon in its id. */
const ownId = (tenant: string, agentId: string): string =>
  tenantInName(agentId) === undefined ? `${tenant}:${agentId}` : agentId

function statisticsOf(all: Statistics, tenant: string): Statistics {
  const own = <T extends { agentId: string }>(subject: T): T => ({
    ...subject,
    agentId: ownId(tenant, subject.agentId),
  })
  return {
    ofTenants: true,
    add: (subject, additions) => all.add(own(subject), additions),
    correct: (subject, additions, at) => all.correct(own(subject), additions, at),
    find: (subjects, epochs) => all.find(subjects.map(own), epochs),
    reset: (subjects, epochs) => all.reset(subjects.map(own), epochs),
  }
}

/** As the statistics are by which they open: the calls of one tenant open no breaker for another. */
const breakersOf = (all: Breakers, tenant: string): Breakers => ({
  async find(agentIds) {
    const found = await all.find(agentIds.map((id) => ownId(tenant, id)))
    return new Map(
      agentIds.flatMap((id) => {
        const kept = found.get(ownId(tenant, id))
        return kept ? [[id, kept] as const] : []
      }),
    )
  },
  replace: (agentId, revision, breaker) => all.replace(ownId(tenant, agentId), revision, breaker),
})

/** Agents by the ids that their tenants have given, for texts that name them so: workflows, prompts, views. */
export const asGiven = <T extends { id: string }>(agents: readonly T[]): T[] =>
  agents.map((agent) => ({ ...agent, id: givenName(agent.id) }))
