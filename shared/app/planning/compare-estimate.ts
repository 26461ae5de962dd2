import type { KeptEstimate } from '../../domain/estimate.ts'
import { type Calibration, isOpenTask, type Task } from '../../domain/task.ts'
import { millisecondsBetween } from '../../domain/times.ts'

/** What a task has come to, its children with it. */
export type Actual = { endedAt: string; usd: number; waited: boolean }

/**
 * Whether a task has stayed below what was estimated; for those that nothing but their steps has kept: a retried one has begun twice, and one
 * that began with another's work has done less. Nothing is said of waiting for people, nor of waiting for a turn.
 */
export function compareEstimate(
  estimate: KeptEstimate,
  task: Task,
  { endedAt, usd, waited }: Actual,
): Calibration | undefined {
  if (task.retries || task.forkedFrom || waited || !isOpenTask(task)) return undefined
  const seconds = millisecondsBetween(task.startedAt ?? task.createdAt, endedAt) / 1_000
  return {
    seconds,
    usd,
    secondsUnderP50: seconds <= estimate.seconds.p50,
    secondsUnderP90: seconds <= estimate.seconds.p90,
    usdUnderP50: usd <= estimate.usd.p50,
    usdUnderP90: usd <= estimate.usd.p90,
  }
}
