import { isDone, type StepRecord, undoneBy } from '../../domain/step.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { goesOnAt, hasStepAt } from './plan-paths.ts'
import { isFatal } from './settle-failure.ts'

/** Concurrent writes. */
const AT_ONCE = 20

/**
 * Reopens the unfinished steps of a plan for the next execution (retry/Q1, retry/Q4); steps that this execution has
 * already started are left alone (retry/Q2). Idempotent.
 */
export async function reopenSteps(
  { steps }: Pick<Ports, 'steps'>,
  plan: Plan,
  records: readonly StepRecord[],
  { at, before }: { at: string; before: string },
): Promise<void> {
  const undone = records.filter((record) => !isDone(record))
  for (let from = 0; from < undone.length; from += AT_ONCE) {
    const some = undone.slice(from, from + AT_ONCE)
    await Promise.all(
      some.map((record) =>
        staysFailed(plan, record, records)
          ? steps.closeStep(plan.taskId, record.path, before)
          : steps.reopenStep(plan.taskId, record.path, { at, before, undone: undoneBy(record) }),
      ),
    )
  }
}

/**
 * Whether a failed step stays failed: the task went on after it or, for a step in a fan-out, the fan-out succeeded or the task went on
 * after that.
 */
export function staysFailed(
  plan: Plan,
  { path, status, error }: StepRecord,
  records: readonly StepRecord[],
): boolean {
  if (status !== 'failed' || (error && isFatal(error)) || !hasStepAt(plan, path)) return false
  const hasGoneOn = (fanOut: string): boolean => {
    const record = records.find((one) => one.path === fanOut)
    if (!record) return false
    return isDone(record) || staysFailed(plan, record, records)
  }
  return goesOnAt(plan, path, hasGoneOn)
}
