import type { StepRecord } from '../../domain/step.ts'
import type { Cost } from '../../domain/task.ts'

/** What the attempts of steps have cost, failed ones included; of a child workflow its task's. */
export function costOf(steps: readonly StepRecord[]): Cost {
  const paid = steps.flatMap((step) => [step, ...step.attempts])
  return {
    // Ten times 0.01 is 0.1: told to the billionth of a dollar.
    usd: Math.round(paid.reduce((sum, { costUsd = 0 }) => sum + costUsd, 0) * 1e9) / 1e9,
    tokens: paid.reduce((sum, { tokens = 0 }) => sum + tokens, 0),
  }
}
