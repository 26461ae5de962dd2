import type { Spent } from '../../agent/index.ts'
import type { AgentManifest } from '../../domain/agent.ts'
import { boundedText } from '../../domain/bounded.ts'
import type { PriceTable } from '../../domain/price-table.ts'
import { usdOfTokens } from '../../estimator/model-prices.ts'

/** The cost of one call of an agent: its price, and the spending that it reports. */
export type Spending = {
  add(spent: Spent): void
  /**
   * A call of a model that has begun: it counts as the most that it can cost until the returned function is told what it has cost. So an
   * attempt that ends before, by its deadline or because its agent did not wait, has paid for it.
   */
  begin(most: { usd: number; tokens: number }): (spent: Spent) => void
  sum(): { usd: number; tokens: number }
  /** The cost as stored with the attempt; empty when it was free. */
  told(): { costUsd?: number; tokens?: number; unpriced?: string[] }
}

/** Larger amounts are mistakes, and DynamoDB could not store their sums exactly. */
const MOST_SPENT = 1e12
/** Names of models without a price that an attempt keeps. */
const MOST_UNPRICED = 10
const MOST_MODEL_CHARACTERS = 200
/** Budgets count in billionths of a dollar. */
const LEAST_USD = 1e-9
const isAmount = (value: number): boolean => value >= 0 && value <= MOST_SPENT

/**
 * The spending of one call. A model without a known price counts its tokens only, and the cost becomes a lower bound:
 * the call has been paid for, so it must not fail here. `warn` is called once for each such model.
 */
export function makeSpending(
  { perCallUsd }: AgentManifest['price'],
  prices: PriceTable,
  warn: (model: string) => void = () => {},
): Spending {
  let [usd, tokens] = [perCallUsd, 0]
  const unpriced = new Set<string>()
  const running = new Set<{ usd: number; tokens: number }>()
  const sum = (): { usd: number; tokens: number } => {
    const all = { usd, tokens }
    for (const most of running) {
      all.usd += most.usd
      all.tokens += most.tokens
    }
    return all
  }
  const add = (spent: Spent): void => {
    for (const [name, value] of Object.entries(spent)) {
      if (name !== 'model' && !isAmount(Number(value ?? 0)))
        throw new RangeError(`spend wants numbers from 0 to ${MOST_SPENT}; ${name} is ${value}`)
    }
    const known = usdOf(spent, prices)
    usd += known ?? 0
    tokens += tokensOf(spent)
    const model = 'model' in spent ? boundedText(spent.model, MOST_MODEL_CHARACTERS) : ''
    if (known !== undefined || unpriced.has(model) || unpriced.size >= MOST_UNPRICED) return
    unpriced.add(model)
    warn(model)
  }
  return {
    add,
    begin(most) {
      const held = { ...most }
      running.add(held)
      return (spent) => {
        if (running.delete(held)) add(spent)
      }
    },
    sum,
    told() {
      const all = sum()
      return {
        ...(all.usd >= LEAST_USD ? { costUsd: all.usd } : {}),
        ...(all.tokens > 0 ? { tokens: all.tokens } : {}),
        ...(unpriced.size > 0 ? { unpriced: [...unpriced] } : {}),
      }
    },
  }
}

/** Undefined for a model without a price. */
function usdOf(spent: Spent, prices: PriceTable): number | undefined {
  const { costUsd } = spent
  return costUsd !== undefined || !('model' in spent)
    ? (costUsd ?? 0)
    : usdOfTokens(spent.model, spent, prices)
}

function tokensOf(spent: Spent): number {
  if (!('model' in spent)) return spent.tokens ?? 0
  const { inputTokens, outputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 } = spent
  return inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens
}
