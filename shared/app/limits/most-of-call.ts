/**
 * The most that one call can cost, which is reserved from the task's budget while the call runs. An agent declares it (`price.mostUsd`,
 * `mostTokens`); without `mostUsd`, the price of a call counts. For an agent that declares nothing a share of the whole budget is
 * reserved, so that at most ten of its calls run concurrently, and none starts when less is left. An agent that needs language models reserves
 * nothing that it does not declare: each call of a model is reserved by itself (call-budget.ts), and nothing else that it does is known to cost.
 */
import type { Agent, AgentManifest } from '../../domain/agent.ts'
import { type Amount, amountOf, type Budget, NOTHING } from '../../domain/budget.ts'
import type { Estimate } from '../../domain/estimate.ts'
import type { Binding } from '../../domain/plan.ts'
import type { Budgets } from '../../ports/index.ts'

/** The share of the whole budget that is reserved for a call of an agent without a declared maximum. */
export const SHARE_OF_UNDECLARED = 0.1

/** What decides about the reservation for a call of an agent. */
export type Priced = Pick<AgentManifest, 'price' | 'needs'>

/** Whether an agent calls language models through the host, which reserves each call by itself. */
export const paysByCall = ({ needs }: Pick<Priced, 'needs'>): boolean => (needs?.models?.length ?? 0) > 0

/** The parts of a budget for which the reservation for a call covers all that the agent may spend in it. */
export const coveredParts = ({ price: { mostUsd, mostTokens } }: Priced): (keyof Amount)[] => [
  ...(mostUsd === undefined ? [] : (['nanoUsd'] as const)),
  ...(mostTokens === undefined ? [] : (['tokens'] as const)),
]

/** The maxima that an agent does not declare, and for which a share of the budget is held. */
export function undeclared({ price, needs }: Priced): ('mostUsd' | 'mostTokens')[] {
  if (paysByCall({ needs })) return []
  const { perCallUsd, mostUsd, mostTokens } = price
  return [
    ...(mostUsd === undefined && perCallUsd === 0 ? (['mostUsd'] as const) : []),
    ...(mostTokens === undefined ? (['mostTokens'] as const) : []),
  ]
}

/** The reservation for a call. `why` explains the amount in the message of a refusal. */
export async function mostOfCall(
  budgets: Budgets,
  taskId: string,
  agent: Priced,
): Promise<{ amount: Amount; why?: string }> {
  return mostOf(agent, undeclared(agent).length === 0 ? NOTHING : await wholeBudget(budgets, taskId))
}

/** The same for a budget whose total is known. */
export function mostOf(agent: Priced, whole: Amount): { amount: Amount; why?: string } {
  const { perCallUsd, mostUsd = perCallUsd, mostTokens = 0 } = agent.price
  const said = amountOf({ usd: mostUsd, tokens: mostTokens })
  const unsaid = undeclared(agent)
  if (unsaid.length === 0) return { amount: said }
  const share = (name: keyof Amount): number => Math.ceil(whole[name] * SHARE_OF_UNDECLARED)
  return {
    amount: {
      nanoUsd: unsaid.includes('mostUsd') ? share('nanoUsd') : said.nanoUsd,
      tokens: unsaid.includes('mostTokens') ? share('tokens') : said.tokens,
    },
    why: `its agent does not say ${unsaid.map((name) => `price.${name}`).join(' and ')}, so a tenth of the budget is held for a call`,
  }
}

/** The total budget; for a child's task that of its root task. */
async function wholeBudget(budgets: Budgets, taskId: string): Promise<Amount> {
  const root = await budgets.rootOf(taskId)
  const budget = root === undefined ? undefined : await budgets.find(root)
  return budget?.total ?? NOTHING
}

/** Adds to an estimate the assumption that agents without a declared maximum reserve a share of the budget. */
export function withUndeclared<Told extends Pick<Estimate, 'assumptions'>>(
  estimate: Told,
  bindings: Readonly<Record<string, Binding>>,
  agents: readonly Pick<Agent, 'id' | 'price' | 'needs'>[],
  budget: Budget | undefined,
): Told {
  if (!budget) return estimate
  const limited = { mostUsd: budget.usd !== undefined, mostTokens: budget.tokens !== undefined }
  const ids = new Set(Object.values(bindings).map(({ agentId }) => agentId))
  const assumptions = agents.flatMap(({ id, ...agent }) => {
    const unsaid = ids.has(id) ? undeclared(agent).filter((name) => limited[name]) : []
    return unsaid.map(
      (name) => `agent ${id} does not say price.${name}: a tenth of the budget is held for each of its calls`,
    )
  })
  return { ...estimate, assumptions: [...estimate.assumptions, ...assumptions] }
}
