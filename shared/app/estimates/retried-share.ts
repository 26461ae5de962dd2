import type { Sums } from '../../selector/decayed-counters.ts'
import { retriedKinds } from '../../workflow/retry-policy.ts'
import type { AgentStep } from '../../workflow/schema.ts'

/** The assumed share of each kind of failure. */
const PRIOR_KINDS = { transient: 0.5, error: 0.3, timeout: 0.1 }

/** The failures after which the step calls the same agent again. */
export function retriedFailures({ retry }: AgentStep, sums: Sums): number {
  const { failures, transient, final, timeouts, configuration } = sums
  const errors = Math.max(0, failures - transient - final - timeouts - configuration)
  const counts = { transient, error: errors, timeout: timeouts }
  return sumOfRetried(retry, counts)
}

export const priorRetried = ({ retry }: AgentStep): number => sumOfRetried(retry, PRIOR_KINDS)

const sumOfRetried = (retry: AgentStep['retry'], byKind: typeof PRIOR_KINDS): number =>
  Object.entries(byKind)
    .filter(([kind]) => retriedKinds(retry).some((retried) => retried === kind))
    .reduce((sum, [, share]) => sum + share, 0)
