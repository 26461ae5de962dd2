import { isDone, type StepRecord } from '../../domain/step.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { goesOnAt, hasStepAt } from './plan-paths.ts'
import { isFatal } from './settle-failure.ts'

/** Steps that are written at once. */
const AT_ONCE = 20

/**
 * Lets the next execution run again what has not been done (retry/Q1, retry/Q4), by its own plan; whatever that execution has begun already is left
 * alone (retry/Q2). Safe to repeat.
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
          : steps.reopenStep(plan.taskId, record.path, { at, before }),
      ),
    )
  }
}

/** The task went on after it; of what is in a fan-out, because that has ended well, or the task went on after it. */
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
