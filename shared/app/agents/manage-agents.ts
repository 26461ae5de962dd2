import type { AgentView } from '../../contracts/agent-views.ts'
import type { RegisterAgent } from '../../contracts/register-agent.ts'
import { type Agent, AgentSchema, issuesOfManifest } from '../../domain/agent.ts'
import { CLOSED } from '../../domain/breaker.ts'
import { type Caller, DEFAULT_TENANT } from '../../domain/caller.ts'
import { compareIds } from '../../domain/compare-ids.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { describeIssues } from '../../domain/issue.ts'
import { canonicalJson, type Json } from '../../domain/json.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { givenName, isCommon, isOwn, qualifiedName } from '../../domain/tenants.ts'
import type { Agents, Ports } from '../../ports/index.ts'
import { epochsAt } from '../../selector/decayed-counters.ts'
import { leavePlace, withPlace } from '../quotas/registered-quota.ts'
import { agentCalled, withinTenant } from '../tenants/within-tenant.ts'
import { subjectsOf, withoutVersion } from './agent-knowledge.ts'
import { healthOf } from './agent-statistics.ts'
import { type HostingNeeds, hostingOf } from './hosting-of-agent.ts'

type Needs = Pick<Ports, 'agents' | 'clock'> & HostingNeeds & Partial<Pick<Ports, 'quotas' | 'limits'>>

type Looking = Pick<Ports, 'agents' | 'loads' | 'statistics' | 'breakers' | 'limits' | 'clock'>

/** Lists the agents of the caller's tenant, and those that deployments have brought, with their health. */
export const listAgents =
  (all: Looking) =>
  async (
    { capability }: { capability?: string | undefined },
    { tenant }: Caller,
  ): Promise<{ agents: AgentView[] }> => {
    const ports = withinTenant(all, tenant)
    const known = await ports.agents.listAgents()
    const offers = (agent: Agent): boolean => agent.capabilities.some(({ name }) => name === capability)
    const agents = (capability ? known.filter(offers) : known).toSorted((a, b) =>
      compareIds(givenName(a.id), givenName(b.id)),
    )
    const health = await healthOf(ports, agents)
    return { agents: agents.map((agent) => ({ ...viewOf(agent, tenant), ...health.get(agent.id) })) }
  }

/** One agent with its health. Throws NotFoundError with the nearest ids. */
export const getAgent =
  (all: Looking) =>
  async ({ id }: { id: string }, { tenant }: Caller): Promise<AgentView> => {
    const ports = withinTenant(all, tenant)
    return shown(ports, await findAgent(ports.agents, tenant, id), tenant)
  }

async function shown(ports: Looking, agent: Agent, tenant: string): Promise<AgentView> {
  return { ...viewOf(agent, tenant), ...(await healthOf(ports, [agent])).get(agent.id) }
}

/** As a tenant sees it: by the id that it was given, and of the tenants that it works for only this one. */
const viewOf = ({ tenants, ...agent }: Agent, tenant: string): Agent => ({
  ...agent,
  id: givenName(agent.id),
  ...(tenants ? { tenants: tenants.filter((one) => one === tenant || tenant === DEFAULT_TENANT) } : {}),
})

/** `agents` is the tenant's view. */
async function findAgent(agents: Agents, tenant: string, id: string): Promise<Agent> {
  const agent = await agentCalled(agents, tenant, id)
  if (agent) return agent
  const known = (await agents.listAgents()).map((other) => givenName(other.id))
  throw new OrchestratorError('NotFoundError', `there is no agent "${id}"${suggestNames(id, known)}`, {
    agentId: id,
  })
}

const MOST_TRIES = 5

/**
 * Resets an agent, for example after a repair: the statistics of its version start anew, and its breaker closes.
 * Running calls are still counted when they end. Throws NotFoundError with the nearest ids.
 */
export const resetAgent =
  (all: Looking) =>
  async ({ id: given }: { id: string }, caller: Caller): Promise<AgentView> => {
    const ports = withinTenant(all, caller.tenant)
    const { agents, statistics, breakers, clock } = ports
    const agent = await findAgent(agents, caller.tenant, given)
    const { id } = agent
    requireAlone(all, agent, caller)
    const subjects = subjectsOf(agent)
    await statistics.reset(
      [...subjects, ...subjects.map(withoutVersion)],
      epochsAt(clock.now().getTime() / 1_000),
    )
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const kept = (await breakers.find([id])).get(id)
      if (!kept) break
      const anew = { ...CLOSED, generation: kept.breaker.generation + 1, version: agent.version }
      if (await breakers.replace(id, kept.revision, anew)) return shown(ports, agent, caller.tenant)
    }
    throw new OrchestratorError(
      'UnavailableError',
      `agent "${given}" is called so often that its breaker could not be reset; try again`,
    )
  }

/** What all tenants count together is reset by `default`, whose agents the stage's are: no scope reaches beyond its tenant. */
function requireAlone({ statistics }: Looking, agent: Agent, { tenant }: Caller): void {
  if (tenant === DEFAULT_TENANT || statistics.ofTenants) return
  if (!isCommon({ name: agent.id, origin: agent.origin })) return
  const message = `agent "${agent.id}" and its statistics are common to all tenants: the tenant "${DEFAULT_TENANT}" resets it; with \`statistics: own\` in the stage each tenant has its own`
  throw new OrchestratorError('ConflictError', message, { agentId: agent.id })
}

/**
 * Registers or updates an agent of the caller's tenant; the same manifest again changes nothing. Throws InvalidInputError for a place that it
 * may not have (`hostingOf`), ConflictError for an agent that the deployment owns, and QuotaExceededError where the tenant has
 * as many as it may.
 */
export const registerAgent =
  ({ machines, elsewhereHost, ...all }: Needs) =>
  async (request: RegisterAgent, { tenant }: Caller): Promise<Agent> => {
    const { agents } = withinTenant(all, tenant)
    const issues = issuesOfManifest(request)
    if (issues.length > 0)
      throw new OrchestratorError('InvalidInputError', describeIssues(issues), { issues })
    const existing = await agentCalled(agents, tenant, request.id)
    if (existing?.origin === 'deployment') throw ownedByDeployment(request.id, 'choose another id')
    const hosting = hostingOf({ machines, elsewhereHost }, request, tenant)
    // Parsed again, to drop fields of the request that do not belong to a manifest.
    const agent = AgentSchema.parse({
      ...request,
      ...hosting,
      id: qualifiedName(tenant, request.id),
      status: request.deprecated ? 'deprecated' : 'active',
      origin: 'api',
      registeredAt: all.clock.now().toISOString(),
    })
    if (existing && isSame(existing, agent)) return viewOf(existing, tenant)
    const registered = async () =>
      (await agents.listAgents({ fresh: true }))
        .filter(({ id, origin, status }) => isOwn({ name: id, origin }, tenant) && status !== 'inactive')
        .map(({ id }) => givenName(id))
    await withPlace(all, { tenant, quota: 'agents', name: request.id, registered }, () =>
      agents.putAgent(agent),
    )
    return viewOf(agent, tenant)
  }

const isSame = ({ registeredAt: _before, ...one }: Agent, { registeredAt: _now, ...other }: Agent): boolean =>
  canonicalJson(one as Json) === canonicalJson(other as Json)

/** Throws NotFoundError, and ConflictError for an agent that the deployment owns. */
export const retireAgent =
  (ports: Pick<Ports, 'agents'> & Partial<Pick<Ports, 'quotas' | 'limits'>>) =>
  async ({ id }: { id: string }, { tenant }: Caller): Promise<Agent> => {
    const { agents } = withinTenant(ports, tenant)
    const agent = await findAgent(agents, tenant, id)
    if (agent.origin === 'deployment') throw ownedByDeployment(id, `remove functions/agents/${id} and deploy`)
    const retired: Agent = { ...agent, status: 'inactive' }
    await agents.putAgent(retired)
    await leavePlace(ports, { tenant, quota: 'agents', name: id })
    return viewOf(retired, tenant)
  }

function ownedByDeployment(id: string, remedy: string): OrchestratorError {
  return new OrchestratorError('ConflictError', `agent "${id}" belongs to the deployment; ${remedy}`, {
    agentId: id,
  })
}
