import type { AgentManifest } from '../../../shared/domain/agent.ts'

/** What one call of an agent costs: its price, and what it says that it has spent beside. */
export type Spending = {
  add(spent: { costUsd?: number; tokens?: number }): void
  sum(): { usd: number; tokens: number }
  /** The same as it is kept with the attempt; nothing where it was free. */
  told(): { costUsd?: number; tokens?: number }
}

export function makeSpending({ perCallUsd }: AgentManifest['price']): Spending {
  let [usd, all] = [perCallUsd, 0]
  return {
    add({ costUsd = 0, tokens = 0 }) {
      if (!(costUsd >= 0 && tokens >= 0))
        throw new RangeError(`spend wants numbers from 0 on, and got ${costUsd} USD and ${tokens} tokens`)
      usd += costUsd
      all += tokens
    },
    sum: () => ({ usd, tokens: all }),
    told: () => ({ ...(usd > 0 ? { costUsd: usd } : {}), ...(all > 0 ? { tokens: all } : {}) }),
  }
}
