import type { StepRecord } from '../../domain/step.ts'
import type { Cost } from '../../domain/task.ts'

/** The most models without a price that a task lists. */
const MOST_UNPRICED = 10

/** The cost of all calls for the steps, including failed ones and those that were no attempts; a child workflow's step has the cost of its task. */
export function costOf(steps: readonly StepRecord[]): Cost {
  const paid = steps.flatMap((step) => [step, ...(step.uncounted ? [step.uncounted] : []), ...step.attempts])
  const unpriced = [...new Set(paid.flatMap((one) => one.unpriced ?? []))].slice(0, MOST_UNPRICED)
  return {
    // Rounded to a billionth of a dollar, to hide floating-point errors.
    usd: Math.round(paid.reduce((sum, { costUsd = 0 }) => sum + costUsd, 0) * 1e9) / 1e9,
    tokens: paid.reduce((sum, { tokens = 0 }) => sum + tokens, 0),
    ...(unpriced.length > 0 ? { unpriced } : {}),
  }
}
