import type { KeptEstimate } from '../../domain/estimate.ts'
import { type Calibration, isOpenTask, type Task } from '../../domain/task.ts'
import { millisecondsBetween } from '../../domain/times.ts'

/** Actual figures of a task, including its children. */
export type Actual = { endedAt: string; usd: number; waited: boolean }

/**
 * Compares a task with its estimate, for calibration. Undefined for tasks that are no fair comparison: retried tasks and forks ran more or less
 * than the estimated work, and tasks that waited for people or in the queue took longer.
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
