import type { Tally } from '../../shared/domain/breaker.ts'
import type { EpochCounters, Outcome } from '../../shared/domain/statistics.ts'
import { additionsOf, epochsAt, noSums, type Sums, sumsAt } from '../../shared/selector/decayed-counters.ts'

const OVERALL = 'overall'

/** The registry's counters in memory: by capability and agent, and for each agent in total. */
export class MemoryStatistics {
  readonly #items = new Map<string, Record<string, number>>()

  /** Returns the tally of the capability's successes, as the registry does. */
  add(capability: string, agentId: string, outcome: Outcome, at: number): Tally {
    const { epoch, counters } = additionsOf(outcome, at)
    for (const subject of [capability, OVERALL]) {
      const key = `${subject}#${agentId}#${epoch}`
      const item = this.#items.get(key) ?? {}
      for (const [name, added] of Object.entries(counters)) item[name] = (item[name] ?? 0) + Number(added)
      this.#items.set(key, item)
    }
    const { successes } = this.of(capability, agentId, at)
    return { of: `${capability} ${epoch}`, successes }
  }

  of(capability: string, agentId: string, at: number): Sums {
    const epochs = epochsAt(at).flatMap((epoch): EpochCounters[] => {
      const counters = this.#items.get(`${capability}#${agentId}#${epoch}`)
      return counters ? [{ epoch, counters }] : []
    })
    return epochs.length === 0 ? noSums() : sumsAt(epochs, at)
  }

  overall(agentId: string, at: number): Sums {
    return this.of(OVERALL, agentId, at)
  }
}
