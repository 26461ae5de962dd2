import type { StepView } from '../../contracts/views.ts'
import { pathsAround } from '../../domain/instance-path.ts'
import type { StepRecord } from '../../domain/step.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import { costOf } from './cost-of-steps.ts'

/** By loop, round, fan-out or item: the records of what ran in it and has cost something. */
export type PaidWithin = ReadonlyMap<string, readonly StepRecord[]>

export function paidWithin(records: readonly StepRecord[]): PaidWithin {
  const paid = new Map<string, StepRecord[]>()
  for (const record of records) {
    const { usd, tokens, unpriced } = costOf([record])
    if (usd === 0 && tokens === 0 && !unpriced) continue
    for (const path of pathsAround(record.path)) {
      const inside = paid.get(path)
      if (inside) inside.push(record)
      else paid.set(path, [record])
    }
  }
  return paid
}

/** What a step has cost with all that ran in it. */
export function costWithin(
  paid: PaidWithin,
  path: string,
  record: StepRecord | undefined,
): Pick<StepView, 'costUsd' | 'tokens' | 'unpriced'> {
  const { usd, tokens, unpriced } = costOf([...(record ? [record] : []), ...(paid.get(path) ?? [])])
  return withoutUndefined({
    costUsd: usd > 0 ? usd : undefined,
    tokens: tokens > 0 ? tokens : undefined,
    unpriced,
  })
}
