import { mostInputTokens } from '../../../shared/domain/model-tokens.ts'
import type { TokenUsage } from '../../../shared/domain/price-table.ts'
import type { ModelRequest } from '../../../shared/ports/models.ts'

/** The most that a call can use, for one whose usage the provider has not told. */
export const mostUsageOf = (request: ModelRequest): TokenUsage => ({
  inputTokens: mostInputTokens(request),
  outputTokens: request.maxOutputTokens,
})
