import type { Agent } from '../domain/agent.ts'
import type { Decision } from '../domain/plan.ts'

export type SelectionRequest = {
  stepId: string
  capability?: string | undefined
  /** One agent and no other, optionally `id@version`. */
  pinned?: string | undefined
  agents: readonly Agent[]
  /** Steps bound to each agent in the last minutes. */
  loads: ReadonlyMap<string, number>
  /** Agents that may not be chosen, with the reason: those that failed this step already. */
  excluded?: ReadonlyMap<string, string>
}

export type Selection = { agent: Agent; decision: Decision } | { agent?: undefined; refusals: string[] }

/**
 * The agent for a step: exact capability, active, least loaded, then cheapest, then by id, so that equal input
 * gives an equal choice. Every candidate is listed with why it was or was not eligible.
 */
export function chooseAgent(request: SelectionRequest): Selection {
  const candidates = request.agents.map((agent) => {
    const refusal = refusalOf(agent, request)
    const load = request.loads.get(agent.id) ?? 0
    return { agent, refusal, load, costUsd: agent.price.perCallUsd }
  })
  const eligible = candidates
    .filter(({ refusal }) => refusal === undefined)
    .sort((a, b) => a.load - b.load || a.costUsd - b.costUsd || (a.agent.id < b.agent.id ? -1 : 1))
  const [best, second] = eligible
  if (!best) return { refusals: candidates.map(({ agent, refusal }) => `${agent.id}: ${refusal}`) }
  const reason = !second ? 'the only eligible agent' : reasonBetween(best, second)
  return {
    agent: best.agent,
    decision: {
      stepId: request.stepId,
      capability: capabilityFor(best.agent, request),
      chosen: best.agent.id,
      reason,
      candidates: candidates
        .filter(({ agent }) => isCandidate(agent, request))
        .map(({ agent, refusal, load, costUsd }) => ({
          agentId: agent.id,
          eligible: refusal === undefined,
          reason: refusal ?? 'eligible',
          load,
          costUsd,
        })),
    },
  }
}

/** What the agent is asked to do: the step's capability, or a pinned agent's first. */
function capabilityFor(agent: Agent, request: Pick<SelectionRequest, 'capability'>): string {
  return request.capability ?? agent.capabilities[0]?.name ?? ''
}

/** Agents that the step could be about: the others are no news in a decision. */
function isCandidate(agent: Agent, { capability }: SelectionRequest): boolean {
  return capability === undefined || agent.capabilities.some(({ name }) => name === capability)
}

function refusalOf(agent: Agent, { capability, pinned, excluded }: SelectionRequest): string | undefined {
  const [pinnedId, pinnedVersion] = pinned?.split('@') ?? []
  if (pinnedId && agent.id !== pinnedId) return `the step pins ${pinned}`
  if (pinnedVersion && agent.version !== pinnedVersion)
    return `the step pins ${pinned}, this is version ${agent.version}`
  if (capability && !agent.capabilities.some(({ name }) => name === capability))
    return `does not offer ${capability}`
  if (agent.status !== 'active') return `is ${agent.status}`
  return excluded?.get(agent.id)
}

type Ranked = { load: number; costUsd: number; agent: Agent }

function reasonBetween(best: Ranked, second: Ranked): string {
  if (best.load !== second.load)
    return `least loaded: ${best.load} against ${second.load} of ${second.agent.id}`
  if (best.costUsd !== second.costUsd) {
    return `as loaded as ${second.agent.id} and cheaper: ${best.costUsd} USD against ${second.costUsd} USD`
  }
  return `equal to ${second.agent.id} in load and cost; first by id`
}
