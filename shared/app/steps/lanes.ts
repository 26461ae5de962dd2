/** How the items of a fan-out are distributed over the agents that can run them. */
import type { Agent } from '../../domain/agent.ts'
import { preferring } from '../../domain/prefer.ts'
import { isCalled } from '../../domain/tenants.ts'
import type { Plan } from '../../ports/index.ts'
import { chooseAgent } from '../../selector/choose-agent.ts'
import { type AgentStep, DEFAULT_CONCURRENCY, MOST_TOGETHER } from '../../workflow/schema.ts'

import { asEachCall } from '../../workflow/step-capability.ts'

export type Lanes = {
  /** How many items run concurrently: the sum of the agents' limits, at most what the step allows. */
  atOnce: number
  /** Whether each item has its own execution, because the waits for busy agents would overflow a single execution's history. */
  apart: boolean
}

/** `agents` are all registered agents. */
export function lanesOf(
  step: AgentStep,
  items: number,
  agents: readonly Agent[],
  plan: Pick<Plan, 'tenant' | 'prefer'>,
): Lanes {
  const able = agentsAble(step, agents, plan)
  const wished = step.maxConcurrency ?? DEFAULT_CONCURRENCY
  const taken = able.reduce((sum, { limits }) => sum + (limits.maxConcurrency ?? Number.POSITIVE_INFINITY), 0)
  const atOnce = able.length === 0 ? wished : Math.min(wished, taken)
  return { atOnce, apart: items > MOST_TOGETHER && able.some(isLimited) }
}

/** The agents that can run an item, including the fallbacks for busy agents. */
function agentsAble(
  step: AgentStep,
  agents: readonly Agent[],
  { tenant, prefer }: Pick<Plan, 'tenant' | 'prefer'>,
): Agent[] {
  const fallbacks = (step.fallback ?? []).map((entry) =>
    agents.some(({ id }) => isCalled(id, entry))
      ? { capability: undefined, pinned: entry }
      : { capability: entry, pinned: undefined },
  )
  const able = new Set<string>()
  const stated = asEachCall(step).map(({ capability }) => ({ capability, pinned: step.agent }))
  for (const wanted of [...stated, ...fallbacks]) {
    const request = { stepId: '', seed: '', tenant, prefer: preferring(prefer, step.prefer), agents }
    const selection = chooseAgent({ ...request, ...wanted })
    if (!selection.agent) continue
    for (const { agentId, unfit } of selection.decision.candidates) if (!unfit) able.add(agentId)
  }
  return agents.filter(({ id }) => able.has(id))
}

/** Whether an agent can be busy, which only agents with declared limits can. */
const isLimited = ({ limits, model }: Agent): boolean =>
  limits.maxConcurrency !== undefined ||
  limits.ratePerMinute !== undefined ||
  model?.tokensPerMinute !== undefined
