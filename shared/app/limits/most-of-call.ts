/**
 * The most that one call can cost: as much is held of a task's budget while it runs. An agent says it (`price.mostUsd`, `mostTokens`); one
 * with a price for a call and no `mostUsd` costs that price; and for one that says nothing a share of the whole budget is held, so
 * that ten of its calls run at once at most, and none begins when less is left.
 */
import type { Agent, AgentManifest } from '../../domain/agent.ts'
import { type Amount, amountOf, type Budget, NOTHING } from '../../domain/budget.ts'
import type { Estimate } from '../../domain/estimate.ts'
import type { Binding } from '../../domain/plan.ts'
import type { Budgets } from '../../ports/index.ts'

/** Of the whole budget, for a call of an agent that does not say what it can cost. */
export const SHARE_OF_UNDECLARED = 0.1

type Price = AgentManifest['price']

/** What an agent leaves unsaid. */
function undeclared({ perCallUsd, mostUsd, mostTokens }: Price): ('mostUsd' | 'mostTokens')[] {
  return [
    ...(mostUsd === undefined && perCallUsd === 0 ? (['mostUsd'] as const) : []),
    ...(mostTokens === undefined ? (['mostTokens'] as const) : []),
  ]
}

/** What is held for a call of a task with a budget. `why` is for whoever hears that it is not there. */
export async function mostOfCall(
  budgets: Budgets,
  taskId: string,
  price: Price,
): Promise<{ amount: Amount; why?: string }> {
  return mostOf(price, undeclared(price).length === 0 ? NOTHING : await wholeBudget(budgets, taskId))
}

/** The same of a budget whose total is known. */
export function mostOf(price: Price, whole: Amount): { amount: Amount; why?: string } {
  const { perCallUsd, mostUsd = perCallUsd, mostTokens = 0 } = price
  const said = amountOf({ usd: mostUsd, tokens: mostTokens })
  const unsaid = undeclared(price)
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

/** What there was in all: of a child's task, what its outermost parent was given. */
async function wholeBudget(budgets: Budgets, taskId: string): Promise<Amount> {
  const root = await budgets.rootOf(taskId)
  const budget = root === undefined ? undefined : await budgets.find(root)
  return budget?.total ?? NOTHING
}

/** The estimate of a task with a budget, which tells for whose calls a share of it is held. */
export function withUndeclared<Told extends Pick<Estimate, 'assumptions'>>(
  estimate: Told,
  bindings: Readonly<Record<string, Binding>>,
  agents: readonly Pick<Agent, 'id' | 'price'>[],
  budget: Budget | undefined,
): Told {
  if (!budget) return estimate
  const limited = { mostUsd: budget.usd !== undefined, mostTokens: budget.tokens !== undefined }
  const ids = new Set(Object.values(bindings).map(({ agentId }) => agentId))
  const assumptions = agents.flatMap(({ id, price }) => {
    const unsaid = ids.has(id) ? undeclared(price).filter((name) => limited[name]) : []
    return unsaid.map(
      (name) => `agent ${id} does not say price.${name}: a tenth of the budget is held for each of its calls`,
    )
  })
  return { ...estimate, assumptions: [...estimate.assumptions, ...assumptions] }
}
