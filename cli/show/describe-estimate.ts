import type { TaskView } from '../../shared/contracts/views.ts'
import type { Estimate, KeptEstimate } from '../../shared/domain/estimate.ts'
import { duration } from './duration.ts'
import { usd } from './money.ts'
import { say } from './output.ts'
import { printTable } from './table.ts'

const seconds = (value: number): string => duration(1_000 * value)

/** The median and the 90th percentile. */
export function describeEstimate({ seconds: time, usd: cost, tokens, successRate }: KeptEstimate): string {
  const parts = [
    `${seconds(time.p50)} (nine in ten below ${seconds(time.p90)}, 99 in a hundred below ${seconds(time.p99)})`,
    `${usd(cost.p50)} (${usd(cost.p90)})`,
    ...(tokens.p90 > 0 ? [`${Math.round(tokens.p50)} tokens (${Math.round(tokens.p90)})`] : []),
    ...(successRate < 0.995 ? [`${Math.round(100 * successRate)} % succeed`] : []),
  ]
  return `estimate: ${parts.join(', ')}`
}

/** The estimate with a line for each step. */
export function printEstimate(estimate: Estimate): void {
  const rows = estimate.steps.map(({ stepId, seconds: time, usd: cost, critical, basis }) => [
    stepId,
    `${seconds(time.p50)} (${seconds(time.p90)})`,
    cost.p90 > 0 ? `${usd(cost.p50)} (${usd(cost.p90)})` : '-',
    critical > 0 ? `${Math.round(100 * critical)} %` : '',
    basis,
  ])
  printTable(['step', 'time, half (nine in ten)', 'cost', 'bounds the time', 'known'], rows)
  say(`\n${describeEstimate(estimate)}`)
  if (estimate.criticalPath.length > 0) say(`critical path: ${estimate.criticalPath.join(' -> ')}`)
  for (const assumption of estimate.assumptions) say(`assumed: ${assumption}`)
}

/** Estimated against actual. */
export function describeOutcome({ estimate, calibration, cost }: TaskView): string | undefined {
  const unpriced = describeUnpriced(cost?.unpriced)
  const spent = cost && cost.usd > 0 ? `agents cost ${usd(cost.usd)}` : undefined
  if (!estimate || !calibration) return [spent, unpriced].filter(Boolean).join('; ') || undefined
  const took = `took ${seconds(calibration.seconds)}, expected ${seconds(estimate.seconds.p50)} to ${seconds(estimate.seconds.p90)}`
  const paid = `${usd(calibration.usd)}, expected ${usd(estimate.usd.p50)} to ${usd(estimate.usd.p90)}`
  return [took, paid, unpriced].filter(Boolean).join('; ')
}

/** What is missing in a cost; undefined when nothing is. */
export function describeUnpriced(models: readonly string[] = []): string | undefined {
  return models.length === 0
    ? undefined
    : `and what ${models.join(', ')} cost: unknown, set prices.models in the stage`
}

export function describeBudget(budget: NonNullable<TaskView['budget']>): string {
  const { usd: limit, spentUsd, reservedUsd, unknownUsd = 0 } = budget
  const { tokens, spentTokens, unknownTokens = 0 } = budget
  const parts = [
    ...(limit === undefined ? [] : [`${usd(spentUsd)} of ${usd(limit)} spent`]),
    ...(reservedUsd > 0 ? [`${usd(reservedUsd)} reserved`] : []),
    ...(unknownUsd > 0 ? [`${usd(unknownUsd)} ${UNTOLD}`] : []),
    ...(tokens === undefined ? [] : [`${spentTokens} of ${tokens} tokens`]),
    ...(tokens !== undefined && unknownTokens > 0 ? [`${unknownTokens} tokens ${UNTOLD}`] : []),
  ]
  return `budget${budget.taskId === undefined ? '' : ` of task ${budget.taskId}`}: ${parts.join(', ')}`
}

const UNTOLD = 'held for agents that were stopped and have not told what they spent'
