import type { KeptEstimate } from '../domain/estimate.ts'
import type { PriceTable } from '../domain/price-table.ts'
import { type Calibration, type Cost, isOpenTask, type Task } from '../domain/task.ts'
import { usdOfRun } from '../estimator/usage-of-run.ts'

/**
 * Whether a task has stayed below what was estimated; for those that nothing but their steps has kept: a retried one has begun twice. Nothing
 * is said of waiting for people, nor of waiting for a turn.
 */
export function compareEstimate(
  estimate: KeptEstimate | undefined,
  task: Task,
  endedAt: string,
  { cost, steps, waited }: { cost: Cost; steps: number; waited: boolean },
  prices: PriceTable,
): Calibration | undefined {
  if (!estimate || task.retries || waited || !isOpenTask(task)) return undefined
  const seconds = (Date.parse(endedAt) - Date.parse(task.startedAt ?? task.createdAt)) / 1_000
  const usd = cost.usd + usdOfRun(steps, prices)
  return {
    seconds,
    usd,
    secondsUnderP50: seconds <= estimate.seconds.p50,
    secondsUnderP90: seconds <= estimate.seconds.p90,
    usdUnderP50: usd <= estimate.usd.p50,
    usdUnderP90: usd <= estimate.usd.p90,
  }
}
