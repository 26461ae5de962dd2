import type * as z from 'zod'
import type { AgentView } from '../../contracts/agent-views.ts'
import type { RegisterAgentSchema } from '../../contracts/requests.ts'
import { type Agent, AgentSchema, issuesOfManifest } from '../../domain/agent.ts'
import { CLOSED } from '../../domain/breaker.ts'
import type { Caller } from '../../domain/caller.ts'
import { compareIds } from '../../domain/compare-ids.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { describeIssues } from '../../domain/issue.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import type { Agents, Ports } from '../../ports/index.ts'
import { epochsAt } from '../../selector/decayed-counters.ts'
import { subjectsOf, withoutVersion } from './agent-knowledge.ts'
import { healthOf } from './agent-statistics.ts'

type Needs = Pick<Ports, 'agents' | 'clock'>

type Looking = Pick<Ports, 'agents' | 'loads' | 'statistics' | 'breakers' | 'limits' | 'clock'>

/** Lists agents with their health. */
export const listAgents =
  (ports: Looking) =>
  async (
    { capability }: { capability?: string | undefined },
    _caller: Caller,
  ): Promise<{ agents: AgentView[] }> => {
    const all = await ports.agents.listAgents()
    const offers = (agent: Agent): boolean => agent.capabilities.some(({ name }) => name === capability)
    const agents = (capability ? all.filter(offers) : all).toSorted((a, b) => compareIds(a.id, b.id))
    const health = await healthOf(ports, agents)
    return { agents: agents.map((agent) => ({ ...agent, ...health.get(agent.id) })) }
  }

/** One agent with its health. Throws NotFoundError with the nearest ids. */
export const getAgent =
  (ports: Looking) =>
  async ({ id }: { id: string }, _caller: Caller): Promise<AgentView> => {
    const agent = await findAgent(ports.agents, id)
    return { ...agent, ...(await healthOf(ports, [agent])).get(id) }
  }

async function findAgent(agents: Agents, id: string): Promise<Agent> {
  const agent = await agents.findAgent(id)
  if (agent) return agent
  const known = (await agents.listAgents()).map((other) => other.id)
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
  (ports: Looking) =>
  async ({ id }: { id: string }, _caller: Caller): Promise<AgentView> => {
    const { agents, statistics, breakers, clock } = ports
    const agent = await findAgent(agents, id)
    const subjects = subjectsOf(agent)
    await statistics.reset(
      [...subjects, ...subjects.map(withoutVersion)],
      epochsAt(clock.now().getTime() / 1_000),
    )
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const kept = (await breakers.find([id])).get(id)
      if (!kept) break
      const anew = { ...CLOSED, generation: kept.breaker.generation + 1, version: agent.version }
      if (await breakers.replace(id, kept.revision, anew))
        return { ...agent, ...(await healthOf(ports, [agent])).get(id) }
    }
    throw new OrchestratorError(
      'UnavailableError',
      `agent "${id}" is called so often that its breaker could not be reset; try again`,
    )
  }

/** Registers or updates a caller's agent. Throws ConflictError for an agent that the deployment owns. */
export const registerAgent =
  ({ agents, clock }: Needs) =>
  async (request: z.output<typeof RegisterAgentSchema>, _caller: Caller): Promise<Agent> => {
    const issues = issuesOfManifest(request)
    if (issues.length > 0)
      throw new OrchestratorError('InvalidInputError', describeIssues(issues), { issues })
    const existing = await agents.findAgent(request.id)
    if (existing?.origin === 'deployment') throw ownedByDeployment(request.id, 'choose another id')
    // Parsed again, to drop fields of the request that do not belong to a manifest.
    const agent = AgentSchema.parse({
      ...request,
      status: request.deprecated ? 'deprecated' : 'active',
      origin: 'api',
      registeredAt: clock.now().toISOString(),
    })
    await agents.putAgent(agent)
    return agent
  }

/** Throws NotFoundError, and ConflictError for an agent that the deployment owns. */
export const retireAgent =
  ({ agents }: Pick<Ports, 'agents'>) =>
  async ({ id }: { id: string }, _caller: Caller): Promise<Agent> => {
    const agent = await findAgent(agents, id)
    if (agent.origin === 'deployment') throw ownedByDeployment(id, `remove functions/agents/${id} and deploy`)
    const retired: Agent = { ...agent, status: 'inactive' }
    await agents.putAgent(retired)
    return retired
  }

function ownedByDeployment(id: string, remedy: string): OrchestratorError {
  return new OrchestratorError('ConflictError', `agent "${id}" belongs to the deployment; ${remedy}`, {
    agentId: id,
  })
}
