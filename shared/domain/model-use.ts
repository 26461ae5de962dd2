import type { TokenUsage } from './price-table.ts'

/** What calls of a model have used; `costUsd` is 0 where its price is not known. */
export type ModelUse = Required<TokenUsage> & { calls: number; costUsd: number }

/** The period over which use is told, in days. */
export const USE_DAYS = 30

export const NO_USE: ModelUse = {
  calls: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costUsd: 0,
}

export function addUse(one: ModelUse, other: ModelUse): ModelUse {
  return {
    calls: one.calls + other.calls,
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    cacheReadTokens: one.cacheReadTokens + other.cacheReadTokens,
    cacheWriteTokens: one.cacheWriteTokens + other.cacheWriteTokens,
    costUsd: one.costUsd + other.costUsd,
  }
}
