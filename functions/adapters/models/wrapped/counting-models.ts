import { usdOfCall } from '../../../../shared/app/limits/price-of-model.ts'
import { DEFAULT_TENANT } from '../../../../shared/domain/caller.ts'
import { isOrchestratorError } from '../../../../shared/domain/errors.ts'
import type { ModelSettings } from '../../../../shared/domain/model-settings.ts'
import { NO_USE } from '../../../../shared/domain/model-use.ts'
import type { PriceTable, TokenUsage } from '../../../../shared/domain/price-table.ts'
import type { ModelUsage } from '../../../../shared/ports/model-usage.ts'
import type { ModelRequest, Models } from '../../../../shared/ports/models.ts'

type Configured = Models & { settings: Readonly<Record<string, ModelSettings>> }
type Counting = {
  usage: Pick<ModelUsage, 'addUse'>
  prices: PriceTable
  onLost: (facts: Record<string, unknown>) => void
}

/**
 * The same models, whose calls are counted by tenant, name and day. A call does not wait for it: what follows it (settling its cost, storing its turn)
 * takes longer, and a count that is lost is missing from an overview only.
 */
export function countingModels<M extends Configured>(models: M, { usage, prices, onLost }: Counting): M {
  function costOf(name: string, used: TokenUsage): number {
    const settings = models.settings[name]
    return (settings && usdOfCall(settings, used, prices)) ?? 0
  }

  function count({ model: name, tenant = DEFAULT_TENANT }: ModelRequest, used: TokenUsage): void {
    const { inputTokens, outputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 } = used
    const use = {
      ...NO_USE,
      calls: 1,
      inputTokens,
      outputTokens,
      cacheReadTokens,
      cacheWriteTokens,
      costUsd: costOf(name, used),
    }
    usage.addUse(name, tenant, use).catch((error: unknown) => onLost({ model: name, error: String(error) }))
  }

  async function generate(request: ModelRequest) {
    try {
      const answer = await models.generate(request)
      count(request, answer.usage)
      return answer
    } catch (error) {
      const used = usageIn(error)
      if (used) count(request, used)
      throw error
    }
  }

  return { ...models, generate }
}

/** The usage that an error of an adapter tells, where tokens were spent. */
function usageIn(error: unknown): TokenUsage | undefined {
  if (!isOrchestratorError(error)) return undefined
  const used = error.details?.usage
  return typeof used === 'object' && used !== null && 'inputTokens' in used && 'outputTokens' in used
    ? (used as TokenUsage)
    : undefined
}
