import type { Approval } from './approval.ts'
import { boundedFailure, boundedText, MOST_CHARACTERS, MOST_PROMPT_CHARACTERS } from './bounded.ts'
import { boundedFault } from './fault.ts'
import type { Attempt, StepRecord } from './step.ts'
import { withoutUndefined } from './without-undefined.ts'

/** How many attempts of a step keep their full message; later ones keep a short one. */
const MOST_LONG_ATTEMPTS = 10
const MOST_LATER_CHARACTERS = 200

/** An attempt within its size limit: all attempts of a step share one item. */
export function boundedAttempt(attempt: Attempt, before: number): Attempt {
  const { name, message, ...fault } = boundedFailure(attempt.error)
  const { evaluation } = attempt
  const isLong = before < MOST_LONG_ATTEMPTS
  const most = isLong ? MOST_CHARACTERS : MOST_LATER_CHARACTERS
  return {
    ...attempt,
    ...(evaluation && !isLong
      ? { evaluation: withoutUndefined({ score: evaluation.score, judge: evaluation.judge }) }
      : {}),
    error: { name, message: boundedText(message, most), ...boundedFault(fault, before) },
  }
}

type Told = Partial<Pick<StepRecord, 'error' | 'degraded' | 'skipReason'>>

/** The end of a step, with its messages within their size limits. */
export function boundedEnd<T extends Told>(end: T): T {
  const { error, degraded, skipReason } = end
  return {
    ...end,
    ...(error === undefined ? {} : { error: boundedFailure(error) }),
    ...(degraded === undefined ? {} : { degraded: boundedText(degraded) }),
    ...(skipReason === undefined ? {} : { skipReason: boundedText(skipReason) }),
  }
}

/** An approval with its texts within their size limits. */
export const boundedApproval = (approval: Approval): Approval => ({
  ...approval,
  prompt: boundedText(approval.prompt, MOST_PROMPT_CHARACTERS),
})
