import type { ModelSettings } from '../../domain/model-settings.ts'
import { tokensOf, usdAt } from '../../domain/model-tokens.ts'
import type { PriceTable, TokenUsage } from '../../domain/price-table.ts'
import { priceOfSettings } from '../../estimator/model-prices.ts'

type Priced = Pick<ModelSettings, 'id' | 'price'>

/** What a call has cost in US dollars: by the price of the stage's settings, else by the price table. Undefined for a model without a price. */
export function usdOfCall(settings: Priced, usage: TokenUsage, prices: PriceTable): number | undefined {
  const price = priceOfSettings(settings, prices)
  return price && usdAt(price, usage)
}

/**
 * The most that a call can cost. What is read from the provider's cache may turn out not to be in it, and what is put into it may cost more, so the
 * dearest of the three counts for the input. A model without a price costs nothing that is known: its tokens count alone.
 */
export function mostOfModelCall(
  settings: Priced,
  most: { inputTokens: number; outputTokens: number },
  prices: PriceTable,
): { usd: number; tokens: number } {
  const { inputTokens, outputTokens } = most
  const ways = [
    { inputTokens, outputTokens },
    { inputTokens: 0, outputTokens, cacheReadTokens: inputTokens },
    { inputTokens: 0, outputTokens, cacheWriteTokens: inputTokens },
  ]
  return {
    usd: Math.max(...ways.map((usage) => usdOfCall(settings, usage, prices) ?? 0)),
    tokens: tokensOf(most),
  }
}
