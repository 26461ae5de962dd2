import type { StepRecord } from '../../domain/step.ts'
import type { Cost } from '../../domain/task.ts'

/** The cost of all attempts of the steps, including failed ones; a child workflow's step has the cost of its task. */
export function costOf(steps: readonly StepRecord[]): Cost {
  const paid = steps.flatMap((step) => [step, ...step.attempts])
  return {
    // Rounded to a billionth of a dollar, to hide floating-point errors.
    usd: Math.round(paid.reduce((sum, { costUsd = 0 }) => sum + costUsd, 0) * 1e9) / 1e9,
    tokens: paid.reduce((sum, { tokens = 0 }) => sum + tokens, 0),
  }
}
