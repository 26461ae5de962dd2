import type { Spent } from '../../agent/index.ts'
import type { AgentManifest } from '../../domain/agent.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { PriceTable } from '../../domain/price-table.ts'
import { usdOfTokens } from '../../estimator/model-prices.ts'

/** The cost of one call of an agent: its price, and the spending that it reports. */
export type Spending = {
  add(spent: Spent): void
  sum(): { usd: number; tokens: number }
  /** The cost as stored with the attempt; empty when it was free. */
  told(): { costUsd?: number; tokens?: number }
}

/** Larger amounts are mistakes, and DynamoDB could not store their sums exactly. */
const MOST_SPENT = 1e12
/** Budgets count in billionths of a dollar. */
const LEAST_USD = 1e-9
const isAmount = (value: number): boolean => value >= 0 && value <= MOST_SPENT

export function makeSpending({ perCallUsd }: AgentManifest['price'], prices: PriceTable): Spending {
  let [usd, all] = [perCallUsd, 0]
  return {
    add(spent) {
      for (const [name, value] of Object.entries(spent)) {
        if (name !== 'model' && !isAmount(Number(value ?? 0)))
          throw new RangeError(`spend wants numbers from 0 to ${MOST_SPENT}; ${name} is ${value}`)
      }
      usd += usdOf(spent, prices)
      all += tokensOf(spent)
    },
    sum: () => ({ usd, tokens: all }),
    told: () => ({ ...(usd >= LEAST_USD ? { costUsd: usd } : {}), ...(all > 0 ? { tokens: all } : {}) }),
  }
}

function usdOf(spent: Spent, prices: PriceTable): number {
  const { costUsd } = spent
  if (costUsd !== undefined || !('model' in spent)) return costUsd ?? 0
  const usd = usdOfTokens(spent.model, spent, prices)
  if (usd !== undefined) return usd
  const message = `no price is known for the model ${spent.model}: set prices.models in the stage's file, or tell costUsd`
  throw new OrchestratorError('ConfigError', message)
}

function tokensOf(spent: Spent): number {
  if (!('model' in spent)) return spent.tokens ?? 0
  const { inputTokens, outputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 } = spent
  return inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens
}
